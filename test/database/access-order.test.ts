/** Looks at gateways: what takes away goes before what gives and before all that is bulk, and no look is asked for twice. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { compareMissing, lookAtForgotten } from '../../src/db/access/compare.ts';
import * as keys from '../../src/db/access/keys.ts';
import * as orders from '../../src/db/access/orders.ts';
import { requestForService, requestServiceLooks } from '../../src/db/access/request.ts';
import { connect } from '../../src/db/client.ts';
import type { Db } from '../../src/db/db.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { priorities } from '../../src/db/outbox/urgency.ts';
import { createDatabase } from '../support/database.ts';

const access = (gateway: string) => ({ gateway, group: 'payments', credential: 'none' as const });

/** Dana's application is registered for a service with access at `edge`. */
async function openAccess() {
  const database = await createDatabase();
  const { sql } = database;
  const { tables, close } = connect(database.url);
  const [service] = await sql`
    insert into services (slug, name, managed_by, access) values ('pay', 'Pay', 'slack', ${sql.json(access('edge'))}) returning id`;
  const [application] = await sql`
    insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', now()) returning id`;
  const [registration] = await sql`
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
    values (${application?.id}, ${service?.id}, 'U0DANA', 'why', 'V1', 'approved', 1, now(), now()) returning id`;
  return {
    sql,
    db: { tables, outbox: createOutbox() },
    service: Number(service?.id),
    application: Number(application?.id),
    registration: Number(registration?.id),
    async [Symbol.asyncDispose]() {
      await close();
      await database[Symbol.asyncDispose]();
    },
  };
}

it('a comparison asks for a look once, however often it finds the same before that is done', async () => {
  await using opened = await openAccess();
  const { sql, db, application, registration } = opened;
  const looks = () => sql`select lane from outbox where kind = 'access'`;
  const one = [{ lane: `access:${application}:edge` }];
  for (const _ of ['first', 'again']) {
    await lookAtForgotten(db, 500, new Date());
    expect(await looks()).toEqual(one);
  }
  await sql`
    insert into application_access (application_id, gateway, group_name, registration_id, wanted, open, since)
    values (${application}, 'edge', 'payments', ${registration}, true, true, now())`;
  await sql`delete from outbox`;
  for (const _ of ['first', 'again']) {
    await compareMissing(db, 'edge', new Set(), new Date());
    expect(await looks()).toEqual(one);
  }
});

it('removals follow an act, and do not wait for a retry; grants are bulk', async () => {
  await using opened = await openAccess();
  const { sql, db, application } = opened;
  const jobs = () => sql`
    select effect->>'gateway' as gateway, priority, run_at <= now() as due from outbox where kind like 'access%' order by gateway`;

  const change = { service: opened.service, before: access('from'), after: access('to') };
  await db.tables.transaction((tx) => requestServiceLooks(tx, db, [change]));
  expect(await jobs()).toEqual([
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'to', priority: priorities.bulk, due: true },
  ]);

  // Two applications; one has failed at the gateway before and would be tried again tomorrow.
  await sql`delete from outbox`;
  await sql`
    insert into outbox (queue, lane, priority, front, retries, run_at, effect)
    values ('gateway:from', ${`access:${application}:from`}, 1, true, 7, now() + interval '1 day',
      ${sql.json({ kind: 'access', application, gateway: 'from' })})`;
  await requestForService(db, { service: change.service, gateway: 'from', after: 0, removes: true });
  await requestForService(db, { service: change.service, gateway: 'to', after: 0 });
  expect(await jobs()).toEqual([
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'from', priority: priorities.act, due: true },
    { gateway: 'to', priority: priorities.bulk, due: true },
  ]);
});

/** Lets Dana have keys of her application; returns the id of its registration. */
async function opensKeys({ sql, application, registration }: Awaited<ReturnType<typeof openAccess>>): Promise<string> {
  await sql`update services set access = ${sql.json({ ...access('edge'), credential: 'key' })}`;
  await sql`insert into application_owners values (${application}, 'U0DANA')`;
  await sql`
    insert into application_access (application_id, gateway, group_name, registration_id, wanted, open, since)
    values (${application}, 'edge', 'payments', ${registration}, true, true, now())`;
  const [row] = await sql<{ id: string }[]>`select public_id as id from registrations`;
  return row?.id ?? '';
}

it('a key counts as lost in the making by the clock that wrote when it began, whatever the database says', async () => {
  await using opened = await openAccess();
  const { db, application } = opened;
  const began = new Date('2026-11-02T09:00:00Z');
  const asked = { registration: await opensKeys(opened), person: 'U0DANA', id: randomUUID(), at: began };
  await keys.begin(db, { ...asked, lastFour: 'abcd' });
  const after = (seconds: number) => new Date(began.getTime() + seconds * 1_000);
  const toRemove = async (at: Date) =>
    (await orders.look(db, { application, gateway: 'edge' }, at))?.keysToRemove.map(({ id }) => id);
  expect(await toRemove(after(59))).toEqual([]);
  expect(await toRemove(after(61))).toEqual([asked.id]);
});

it.each([
  ['shown', (db: Db, place: keys.KeyPlace, id: string) => keys.finish(db, place, id, 'U0DANA', new Date())],
  ['given up', (db: Db, place: keys.KeyPlace, id: string) => keys.abandon(db, place, id, new Date())],
] as const)('a key that arrives while it is removed, and is then %s, is removed again', async (_, ends) => {
  await using opened = await openAccess();
  const { sql, db, application } = opened;
  const place = { application, gateway: 'edge' };
  const at = new Date();
  const asked = { registration: await opensKeys(opened), person: 'U0DANA', id: randomUUID(), at };
  const begun = await keys.begin(db, { ...asked, lastFour: 'abcd' });
  if (!begun.ok) throw new Error(begun.refusal.kind);
  await keys.remove(db, asked);
  // The gateway is told to remove it; then it has it, and the order is written down after that.
  const order = await orders.look(db, place, at);
  expect(order?.keysToRemove.map(({ id }) => id)).toEqual([asked.id]);
  await ends(db, begun.place, asked.id);
  await orders.record(db, place, { open: ['payments'], failure: undefined, keysGone: order?.keysToRemove ?? [], at });
  const next = await orders.look(db, place, at);
  expect(next?.keysToRemove).toEqual([{ id: asked.id, back: true }]);
  await orders.record(db, place, { open: ['payments'], failure: undefined, keysGone: next?.keysToRemove ?? [], at });
  expect((await orders.look(db, place, at))?.keysToRemove).toEqual([]);
  expect([...(await sql`select from access_history where action like 'key%'`)]).toEqual([]);
});
