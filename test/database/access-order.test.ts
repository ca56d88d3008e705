/** What a change of a service takes away at gateways goes before what it gives, and before all that is bulk. */
import { expect, it } from 'vitest';
import { requestForService, requestServiceLooks } from '../../src/db/access/request.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { priorities } from '../../src/db/outbox/urgency.ts';
import { createDatabase } from '../support/database.ts';

const access = (gateway: string) => ({ gateway, group: 'payments', credential: 'none' as const });

it('removals follow an act, and do not wait for a retry; grants are bulk', async () => {
  await using database = await createDatabase();
  const { sql } = database;
  const { tables, close } = connect(database.url);
  const db = { tables, outbox: createOutbox() };
  const [service] =
    await sql`insert into services (slug, name, managed_by) values ('pay', 'Pay', 'slack') returning id`;
  const [application] = await sql`
    insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', now()) returning id`;
  await sql`
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
    values (${application?.id}, ${service?.id}, 'U0DANA', 'why', 'V1', 'approved', 1, now(), now())`;
  const jobs = () => sql`
    select effect->>'gateway' as gateway, priority, run_at <= now() as due from outbox where kind like 'access%' order by gateway`;

  const change = { service: Number(service?.id), before: access('from'), after: access('to') };
  await tables.transaction((tx) => requestServiceLooks(tx, db, [change]));
  expect(await jobs()).toEqual([
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'to', priority: priorities.bulk, due: true },
  ]);

  // Each application, one of which has failed at the gateway before and would be tried again tomorrow.
  await sql`delete from outbox`;
  await sql`
    insert into outbox (queue, lane, priority, front, retries, run_at, effect)
    values ('gateway:from', ${`access:${application?.id}:from`}, 1, true, 7, now() + interval '1 day',
      ${sql.json({ kind: 'access', application: Number(application?.id), gateway: 'from' })})`;
  await requestForService(db, { service: change.service, gateway: 'from', after: 0, removes: true });
  await requestForService(db, { service: change.service, gateway: 'to', after: 0 });
  expect(await jobs()).toEqual([
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'to', priority: priorities.bulk, due: true },
  ]);
  await close();
});
