/** Every piece of work that grows is bounded: with 50,000 of everything, an act reads a few thousand rows and no more. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { look } from '../../src/db/access/orders.ts';
import { requestForService, requestRemovalOfAll } from '../../src/db/access/request.ts';
import * as applications from '../../src/db/application/applications.ts';
import * as approvalChannels from '../../src/db/application/approval-channels.ts';
import * as changes from '../../src/db/application/changes.ts';
import { enqueueUpdates } from '../../src/db/application/events.ts';
import * as channelIds from '../../src/db/channel-ids.ts';
import { type Connection, connect, type Tx } from '../../src/db/client.ts';
import type { Db } from '../../src/db/db.ts';
import * as queue from '../../src/db/home/approval-queue.ts';
import * as homes from '../../src/db/home/homes.ts';
import * as databaseMetrics from '../../src/db/metrics.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as store from '../../src/db/outbox/store.ts';
import * as cards from '../../src/db/registration/cards.ts';
import * as registrations from '../../src/db/registration/registrations.ts';
import { claimDigests, summarizeWeek } from '../../src/db/scheduling/digests.ts';
import * as reminders from '../../src/db/scheduling/reminders.ts';
import * as appliedCatalog from '../../src/db/service/applied-catalog.ts';
import * as services from '../../src/db/service/services.ts';
import { maxCounted } from '../../src/domain/pagination.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const many = 50_000;
const at = new Date('2026-11-02T09:00:00Z');
const channel = 'C0ADMIN';
const policy = { approvers: ['U0ALEX'], adminChannel: channel, allowSelfApproval: false, allowExternal: false };

let database: TestDatabase;
let connection: Connection;
let outbox: ReturnType<typeof createOutbox>;

/** One application has something at every service; each of as many others waits for the first service, and is due. */
beforeAll(async () => {
  database = await createDatabase();
  connection = connect(database.url);
  outbox = createOutbox();
  await database.sql.begin(async (tx) => {
    // Neither foreign keys nor the record's chain are looked after for what is only here to be many.
    await tx`set local session_replication_role = replica`;
    await tx`
      insert into services (slug, name, managed_by, channel, access)
      select 's-' || n, 'Service ' || n, 'file', case when n % 2 = 0 then 'C0TEAM' end,
        jsonb_build_object('gateway', 'edge', 'group', 'g' || n, 'credential', 'key') from generate_series(1, ${many}::int) n`;
    await tx`
      insert into applications (name, created_by, created_at)
      select 'App ' || n, 'U' || n, ${at} from generate_series(1, ${many}::int) n`;
    await tx`insert into application_owners select id, created_by from applications`;
    await tx`insert into homes (user_id, opened_at) select created_by, ${at} from applications`;
    const registration = (of: string) => `
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at,
        remind_at, reminders, card_channel, card_ts)
      select ${of}`;
    await tx.unsafe(
      registration(`1, n, 'U1', 'why', 'big' || n, 'approved', 1, '2026-10-30', '2026-10-30', null, 0, 'C0OLD', '1.' || n
        from generate_series(1, ${many}) n`),
    );
    await tx.unsafe(
      registration(`n, 1, 'U' || n, 'why', 'V' || n, 'pending', 1, '2026-11-01', '2026-11-01', '2026-11-02', 0, 'C0OLD', '2.' || n
        from generate_series(2, ${many}) n`),
    );
    await tx`
      insert into application_access (application_id, gateway, group_name, registration_id, wanted, open, since)
      select application_id, case when service_id < 9 then 'old' else 'edge' end, 'g' || service_id, id, true, true, ${at}
      from registrations where status = 'approved'`;
    // What one person has asked for over the years: reminded of, and rejected.
    await tx.unsafe(
      registration(`3, n, 'U3', 'why', 'old' || n, 'rejected', 2, '2020-11-01', '2020-11-01', null, 1, 'C0OLD', '3.' || n
        from generate_series(2, ${many}) n`),
    );
    await tx`update registrations set first_reminded_at = '2020-11-02' where requester = 'U3' and status = 'rejected'`;
    // One application that waits for a thousand services.
    await tx.unsafe(
      registration(`2, n, 'U2', 'why', 'W' || n, 'pending', 1, '2026-11-01', '2026-11-01', null, 0, null, null
        from generate_series(2, 1001) n`),
    );
    await tx`
      insert into history (registration_id, version, actor, action, from_status, to_status, at, seq, service_id)
      select id, 1, requester, 'approve', 'pending', 'approved', requested_at, id, service_id from registrations`;
    await tx`
      insert into application_history (application_id, version, actor, action, name, added, removed, at, seq)
      values (1, 2, 'U1', 'rename', 'App 1', '{}', '{}', ${at}, ${10 * many})`;
    await tx`
      insert into outbox (queue, lane, priority, front, run_at, effect)
      select 'outbox', 'home:U' || n, 2, true, '2099-01-01', '{"kind": "home"}' from generate_series(1, ${many}::int) n`;
    // A lane that is full of bulk, and a person's job at its end.
    await tx`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox', 'decision:U1', 2, n = 1, '{"kind": "decision", "person": "U1"}' from generate_series(1, ${many}::int) n`;
    await tx`
      insert into outbox (queue, lane, priority, front, effect)
      values ('outbox', 'decision:U1', 0, true, '{"kind": "decision", "person": "U1"}')`;
  });
  await database.sql`vacuum analyze`;
});
afterAll(async () => {
  await connection.close();
  await database[Symbol.asyncDispose]();
});

/** Counts the rows and the index entries that an act reads, by table and index; what it writes is undone. */
async function rowsRead(act: (db: Db) => Promise<unknown>): Promise<{ read: number; where: string }> {
  const undo = new Error('undo');
  const counted = (tx: Tx) =>
    tx.execute<{ name: string; read: number }>(sql`
      select relname as name, pg_stat_get_xact_tuples_returned(c.oid)::int as read from pg_class c
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'i')`);
  const read = new Map<string, number>();
  await connection.tables
    .transaction(async (tx) => {
      const before = new Map((await counted(tx)).map((row) => [row.name, row.read]));
      await act({ tables: tx, outbox });
      for (const row of await counted(tx)) read.set(row.name, row.read - (before.get(row.name) ?? 0));
      throw undo;
    })
    .catch((error) => {
      if (error !== undo) throw error;
    });
  const most = [...read].filter(([, rows]) => rows > 0).toSorted(([, one], [, other]) => other - one);
  return {
    read: most.reduce((sum, [, rows]) => sum + rows, 0),
    where: most.map(([name, rows]) => `${name}: ${rows}`).join(', '),
  };
}

const page = { asked: 1, size: 30 };
const people = Array.from({ length: homes.batch }, (_, index) => `U${index + 1}`);
const digest = { adminChannel: channel, timeZone: 'UTC' };

/** What is done, and how many rows it may read. */
const acts: [string, number, (db: Db) => Promise<unknown>][] = [
  ['what deleting an application would end', 3 * maxCounted, (db) => changes.deletionImpact(db, 1)],
  ['what a change of a service concerns', 3 * maxCounted, (db) => services.changeImpact(db, 1)],
  ['/registrations and Home, of who has the most', 12 * maxCounted, (db) => applications.listOwned(db, 'U1', page)],
  ['a card is drawn: the services that its application has are read', 1_500, (db) => cards.find(db, many + 1, policy)],
  [
    'the queue, of who decides about everything',
    6 * maxCounted,
    (db) => queue.listPage(db, { person: 'U0ALEX', services: [1], own: false }, { serviceId: null, search: '' }, page),
  ],
  ['Homes of those who decide', 10 * homes.batch, (db) => homes.markStale(db, null, people)],
  ['Homes of those who ask', 20 * homes.batch, (db) => homes.markPendingStale(db, 1, 0)],
  ['cards of what a service has pending', 5_000, (db) => cards.markPendingStale(db, 1, 0)],
  ['cards of what an application waits for', 5_000, (db) => cards.markOthersStale(db, many + 1, 1, 0)],
  ['what shows an application', 5_000, (db) => enqueueUpdates(db, 1, 2, 1_000)],
  ['approval channels of an application', 5_000, (db) => approvalChannels.listSome(db, 1, 1_000)],
  [
    'a reminder of a channel',
    6 * maxCounted,
    async (db) => {
      await db.tables.execute(
        sql`update registrations set reminded_at = remind_at, reminded_in = ${channel} where id = ${many + 1}`,
      );
      await reminders.listInChannel(db, channel, at, 20);
    },
  ],
  [
    'the last reminders of a tick',
    6 * maxCounted,
    async (db) => {
      await db.tables.execute(
        sql`update registrations set reminded_at = remind_at, reminders = 5 where id = ${many + 1}`,
      );
      await reminders.listStopped(db, at, 20);
    },
  ],
  ['a reminder to who has asked for much', 1_000, (db) => reminders.listOfRequester(db, 'U3', at, 20)],
  ['who decides about what waits, at each of a thousand services', 20_000, (db) => queue.listRules(db)],
  ['/unregister of who has the most', 12 * maxCounted, (db) => registrations.searchUnregistrable(db, 'U1', '', 100)],
  // A word is looked for in all that they have, and in no one else's.
  ['/unregister, a word', 8 * many, (db) => registrations.searchUnregistrable(db, 'U1', 'service 4999', 100)],
  [
    'an application at every gateway is deleted',
    1_000,
    (db) => db.tables.transaction((tx) => requestRemovalOfAll(tx, db, 1)),
  ],
  [
    'the access of a service changes',
    8_000,
    (db) => requestForService(db, { service: 1, gateway: 'edge', after: 0, removes: true }),
  ],
  ['a claim, behind a lane that is full', 2_000, (db) => store.claim(db, 'outbox', { all: 12, others: 8 })],
];

describe('with 50,000 of everything', () => {
  it('the metrics of the outbox', async () => {
    const { where } = await rowsRead(databaseMetrics.collect);
    const ofOutbox = where.split(', ').filter((one) => one.startsWith('outbox'));
    const read = ofOutbox.reduce((sum, one) => sum + Number(one.split(': ')[1]), 0);
    // Two kinds wait by the fifty thousand; each is counted so far only, in the table or in an index.
    expect(read, where).toBeLessThan(2 * 2 * databaseMetrics.countedAtMost);
  });

  it.each(acts)('%s: %d rows', async (_, most, act) => {
    const { read, where } = await rowsRead(act);
    expect(read, where).toBeLessThan(most);
  });

  it('all groups of one application are written down', async () => {
    const looked = look({ tables: connection.tables, outbox }, { application: 1, gateway: 'edge' }, at);
    expect((await looked)?.wanted?.groups).toHaveLength(many);
  });

  it('a digest reads the events of its week, each a few times, and not those of the years before', async () => {
    const { read: week } = await rowsRead((db) => summarizeWeek(db, { channel, at: at.toISOString(), ...digest }));
    expect(week).toBeGreaterThan(many);
    expect(week).toBeLessThan(12 * 2 * many);
    const quiet = new Date('2027-03-01T09:00:00Z');
    const { read: waiting } = await rowsRead((db) =>
      db.tables.execute(sql`select from registrations where status = 'pending'`),
    );
    const { read: both, where } = await rowsRead((db) =>
      claimDigests(db, { schedule: 'digest', reading: quiet }, digest),
    );
    expect(both, where).toBeLessThan(3 * waiting);
  });
});

describe('a batch in each statement', () => {
  /** Notes how many rows each statement writes. */
  const noted = async (table: string, work: () => Promise<unknown>): Promise<number[]> => {
    await database.sql.unsafe(`
      create table written (nth bigint generated always as identity, rows int);
      create function note_written() returns trigger language plpgsql as $$ begin
        insert into written (rows) select count(*) from fresh; return null; end $$;
      create trigger note_written after update on ${table} referencing new table as fresh for each statement
        execute function note_written()`);
    await work();
    const rows = await database.sql`select rows from written where rows > 0 order by nth`;
    await database.sql.unsafe('drop function note_written cascade; drop table written');
    return rows.map(({ rows: written }) => written);
  };
  const db = () => ({ tables: connection.tables, outbox });

  it('a tick claims what is due a thousand at a time, and a replica that died in the middle is followed by another', async () => {
    await database.sql`insert into served_ticks (schedule, reading, pattern) values ('reminders', '2026-11-01 09:00', '')`;
    const tick = { schedule: 'reminders', reading: at };
    const settings = { remindAfter: 86_400_000, adminChannel: channel, escalationChannel: undefined };
    await database.sql.unsafe(`
      create function die() returns trigger language plpgsql as $$ begin
        if (select count(*) > 5000 from registrations where reminded_at is not null) then raise 'died'; end if; return null; end $$;
      create trigger die after update on registrations for each statement execute function die()`);
    const claim = () => reminders.claimReminders(db(), tick, 'UTC', settings);
    await expect(claim()).rejects.toThrow();
    await database.sql.unsafe('drop function die cascade');
    expect(await database.sql`select from outbox where kind = 'reminder'`).toEqual([]);
    const written = await noted('registrations', claim);
    expect(written.reduce((sum, rows) => sum + rows, 0)).toBe(many - 1 - 5_000);
    expect(Math.max(...written)).toBeLessThanOrEqual(1_000);
    expect(await database.sql`select effect->>'channel' as channel from outbox where kind = 'reminder'`).toEqual([
      { channel },
    ]);
    expect(await claim()).toBe(0);
    // The last batch of a tick is followed by its messages: a channel is an index entry, however many requests it has.
    await database.sql`delete from served_ticks where reading = '2026-11-02 09:00'`;
    const { read, where } = await rowsRead((of) => reminders.claimReminders(of, tick, 'UTC', settings));
    expect(read, where).toBeLessThan(5_000);
  });

  it('the services of the catalog file are hashed in parts, and one that differs is seen', async () => {
    await appliedCatalog.recordApplied(db(), 'file', []);
    expect(await appliedCatalog.findApplied(db(), 'file')).toEqual([]);
    await database.sql`update services set docs = 'x' where id = ${many - 1}`;
    expect(await appliedCatalog.findApplied(db(), 'file')).toBeUndefined();
  });

  it('what names a channel whose id has changed is moved a part at a time', async () => {
    await database.sql`insert into channel_ids (old, current) values ('C0OLD', 'C0NEW')`;
    const written = await noted('registrations', () => channelIds.moveRows(db(), channel, at));
    expect(written.reduce((sum, rows) => sum + rows, 0)).toBe(3 * many - 2);
    expect(Math.max(...written)).toBeLessThanOrEqual(5_000);
  });
});
