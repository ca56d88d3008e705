/** Deleting an application that holds thousands of registrations: the deletion is short, and a job ends what it has left. */
import { expect, it } from 'vitest';
import * as changes from '../../src/db/application/changes.ts';
import { enqueueUpdates } from '../../src/db/application/events.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { serviceRecordJson } from '../../src/db/audit-log/service-record.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { createDatabase } from '../support/database.ts';

const count = 2_400;

it('unregisters some at once and the others in batches, each with its event, and leaves what is revoked', async () => {
  await using database = await createDatabase();
  const { sql } = database;
  const { tables, close } = connect(database.url);
  const db = { tables, outbox: createOutbox() };
  await sql`
    insert into services (slug, name, managed_by) select 's-' || n, 'S ' || n, 'slack' from generate_series(1, ${count}::int) n`;
  await sql`
    insert into service_changes (service_id, version, actor, after, at)
    select id, 1, 'U0ALEX', ${sql.unsafe(serviceRecordJson('s'))}, now() from services s order by id`;
  const made = new Date('2026-11-01T09:00:00Z');
  await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', ${made})`;
  await sql`insert into application_owners values (1, 'U0DANA')`;
  await sql`
    insert into application_history (application_id, version, actor, action, name, added, removed, at)
    values (1, 1, 'U0DANA', 'create', 'Shop', '{U0DANA}', '{}', ${made})`;
  await sql`
    with made as (
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
      select 1, id, 'U0DANA', 'why', 'V' || id, case when id % 100 = 0 then 'revoked' when id % 2 = 0 then 'approved' else 'pending' end, 1, now(), now()
      from services returning id, status, requested_at)
    insert into history (registration_id, version, actor, action, to_status, reason, at)
    select id, 1, 'U0DANA', 'request', status, 'why', requested_at from made order by id`;
  const left = async () => (await sql`select from registrations where status in ('pending', 'approved')`).length;

  const policy = { approvers: [], adminChannel: 'C0ADMIN', allowSelfApproval: false, allowExternal: false };
  const at = new Date('2026-11-26T10:00:00Z');
  const context = { by: 'U0DANA', account: 'member' as const, seen: 1, named: new Map(), policy };
  expect(await changes.change(db, { id: 1, at, ...context }, { action: 'delete', typed: 'Shop' })).toMatchObject({
    ok: true,
  });
  // As many rows as one transaction may hold for a moment, and no more.
  expect(count - count / 100 - (await left())).toBeLessThanOrEqual(500);

  // The job, from batch to batch, as the worker carries it out.
  const batches: number[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const before = await left();
    await sql`delete from outbox`;
    await enqueueUpdates(db, 1, 2, after);
    batches.push(before - (await left()));
    const rows: { after: number }[] = await sql`
      select (job->>'after')::int as after from outbox, lateral (
        select effect as job where kind = 'application'
        union all select jsonb_array_elements(effect->'effects') where kind = 'staged') jobs
      where job->>'kind' = 'application'`;
    after = rows[0]?.after;
  }
  expect(Math.max(...batches)).toBeLessThanOrEqual(100);
  expect(await sql`select status, count(*)::int from registrations group by 1 order by 1`).toEqual([
    { status: 'revoked', count: count / 100 },
    { status: 'unregistered', count: count - count / 100 },
  ]);
  const events = await sql`
    select from history where action = 'unregister' and version = 2 and at = ${at} and actor = 'U0DANA' and from_status <> to_status`;
  expect(events).toHaveLength(count - count / 100);
  expect(await verify(database.url)).toEqual({ fits: true, erased: 0, head: expect.anything() });
  await close();
});
