/** The chain of the records: whatever is done to one behind the bot's back, the first event that does not fit is named. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { serviceRecordJson } from '../../src/db/audit-log/service-record.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { holdRecord, waitForBlocked } from '../support/locks.ts';
import { delivered } from '../support/outbox.ts';
import { databaseUrl } from '../support/postgres.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

/** What JSON, a time zone or a spreadsheet could read in two ways. */
const reasons = [
  'why',
  '',
  null,
  '["a", "b"]',
  '\\" \n\t\r\b\f\u0001\u001f\u007f',
  'ä ✓ 👩🏽‍💻 \u2028 \ufeff',
  "'; --",
];

/** When the first of the events happened: in the hour that a clock that is put forward leaves out. */
const start = '2026-03-29T00:30:00.125Z';

/** Inserts events of registrations, whose state is the one that their last event left. */
async function hasHappened({ sql }: Pick<TestDatabase, 'sql'>, registrations: number, events: number) {
  await sql`insert into services (slug, name, managed_by) select 's-' || n, 'S', 'slack' from generate_series(1, ${registrations}::int) n`;
  // What follows reads the columns that there are at the migration that it is called at.
  await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', ${start})`;
  await sql`insert into application_owners values (1, 'U0DANA')`;
  await sql`insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
    select a.id, s.id, 'U0DANA', 'why', 'V1', 'revoked', ${events}, now(), now() from applications a, services s order by s.id`;
  await sql`insert into history (registration_id, version, actor, action, from_status, to_status, reason, at)
    select r.id, v, case when v = 1 then 'U0DANA' when v % 5 > 0 then 'U0ALEX' end, case v when 1 then 'request' else 'revoke' end,
      case when v > 1 then 'approved' end, 'revoked', case when v = 1 then 'why' else (${JSON.stringify(reasons)}::text::jsonb) ->> (v % ${reasons.length}::int) end,
      ${start}::timestamptz + v * interval '1 hour'
    from registrations r, generate_series(1, ${events}::int) v order by v, r.id`;
  await sql`update registrations r set requested_at = h.at from history h where h.registration_id = r.id and h.version = 1`;
  await sql`update registrations r set changed_by = h.actor, changed_at = h.at, change_reason = h.reason
    from history h where h.registration_id = r.id and h.version = r.version`;
}

/** What the application and the services went through, with what JSON could read in two ways. */
async function hasChanged({ sql }: Pick<TestDatabase, 'sql'>) {
  const name = 'Shop "1", [\\] {a: 1}\u0001 ✓';
  await sql`insert into application_history (application_id, version, actor, action, name, added, removed, at) values
    (1, 1, 'U0DANA', 'create', 'Shop', '{U0DANA}', '{}', ${start}),
    (1, 2, 'U0DANA', 'owners', 'Shop', '{U0SAM,U0LEE}', '{}', now()),
    (1, 3, null, 'rename', ${name}, '{}', '{U0DANA}', ${start})`;
  await sql`update applications set version = 3, name = ${name}`;
  await sql`delete from application_owners`;
  await sql`insert into application_owners values (1, 'U0SAM'), (1, 'U0LEE')`;
  const json = (value: object) => sql`${JSON.stringify(value)}::text::jsonb`;
  const docs = reasons.join('?');
  // As it was recorded before services had access.
  const whole = serviceRecordJson('s').replace("'access', s.access, ", '');
  await sql`insert into service_changes (service_id, version, actor, before, after, at)
    select id, 1, null, null, ${sql.unsafe(whole)}, now() from services s order by id`;
  await sql`insert into service_changes (service_id, version, actor, before, after, at) values
    (2, 2, 'U0ALEX', ${json({ docs: null, approvers: [] })}, ${json({ docs, approvers: ['U0ALEX', 'S0PAY'] })}, now()),
    (2, 3, 'U0ALEX', ${json({ autoApprove: false })}, ${json({ autoApprove: true })}, now())`;
  await sql`update services set version = 3, docs = ${docs}, approvers = '{U0ALEX,S0PAY}', auto_approve = true where id = 2`;
}

const recordsOf = ['history', 'application_history', 'service_changes'];
const liveTables = ['registrations', 'applications', 'application_owners', 'services'];
/** Whether what keeps a record as it is does so. */
const guards = (does: 'enable' | 'disable') =>
  recordsOf.map((table) => `alter table ${table} ${does} trigger user;`).join('');

const verdict = async (url: string, noted?: { seq: number; hash: string }) =>
  formatVerifyResult(await verify(url, noted));

describe('what is tampered with', () => {
  let database: TestDatabase;
  let noted: { seq: number; hash: string };
  beforeAll(async () => {
    database = await createDatabase();
    await hasHappened(database, 4, 5);
    await hasChanged(database);
    // By the record, the application came after what was asked for it.
    await database.sql`update registrations set owners_at_request = '{}'`;
    for (const table of [...recordsOf, ...liveTables, 'history_head'])
      await database.sql.unsafe(`create table kept_${table} as table ${table}`);
    const [head] = await database.sql`select seq::int, hash from history_head`;
    noted = { seq: head?.seq, hash: head?.hash };
  });
  afterAll(() => database[Symbol.asyncDispose]());

  /** Tampers as the owner of the tables can, with the triggers off. Afterwards everything is restored. */
  async function tamperedWith(how: string, noted?: { seq: number; hash: string }): Promise<string> {
    const { sql, url } = database;
    await sql.unsafe(`${guards('disable')} ${how}; ${guards('enable')}`);
    const said = await verdict(url, noted);
    const back = (table: string) => `delete from ${table}; insert into ${table} select * from kept_${table};`;
    await sql.unsafe(`
      set local session_replication_role = replica; ${[...recordsOf, 'history_head', 'application_owners'].map(back).join('')}
      update registrations r set version = k.version, status = k.status from kept_registrations k where k.id = r.id;
      update applications a set version = k.version, name = k.name, deleted_at = null from kept_applications k where k.id = a.id;
      update services s set version = k.version, channel = k.channel, approvers = k.approvers, retired_at = null
        from kept_services k where k.id = s.id`);
    return said;
  }

  it('nothing: the chain fits, and the head is printed', async () => {
    expect(noted.seq).toBe(29);
    expect(await verdict(database.url)).toBe(`All 29 events fit.\nhead 29:${noted.hash}\n`);
    expect(await verdict(database.url, noted)).toMatch(/^All 29 events fit/);
  });

  it.each([
    ...[
      'registration_id = 1, version = 9',
      'version = 77',
      'from_status = null',
      "to_status = 'approved'",
      "hash = repeat('a', 64)",
    ],
    ...["actor = 'U0LEE'", "action = 'approve'", "reason = ''", "at = at + interval '1 millisecond'"],
  ])('%s of one event', async (change) => {
    const said = await tamperedWith(`update history set ${change} where seq = 7`);
    expect(said).toMatch(
      /^Event 7 \(registration \d, version \d+\) does not fit: it is not what was written there\.\n$/,
    );
  });

  it.each([
    ...['application_id = 9', 'version = 77', "actor = 'U0LEE'", "action = 'delete'", "name = 'Bank'"],
    ...["added = added || '{U0EVE}'", "removed = '{}'", "at = at + interval '1 millisecond'", "hash = repeat('a', 64)"],
  ])('%s of one event of an application', async (change) => {
    const how = `set local session_replication_role = replica; update application_history set ${change} where seq = 23`;
    expect(await tamperedWith(how)).toMatch(/^Event 23 \(application \d, version \d+\) does not fit/);
  });

  it.each([
    ...['service_id = 3', 'version = 77', 'actor = null', "before = '{}'", "at = at + interval '1 millisecond'"],
    ...[`after = jsonb_set(after, '{approvers, 1}', '"U0EVE"')`, "after = after - 'docs'", "hash = repeat('a', 64)"],
  ])('%s of one change of a service', async (change) => {
    const how = `update service_changes set ${change} where seq = 28`;
    expect(await tamperedWith(how)).toMatch(/^Event 28 \(service \d, version \d+\) does not fit/);
  });

  it.each([
    ['an event removed', 'delete from history where seq = 7', 'Event 7 is missing: it was removed'],
    [
      'an event removed, and the others moved up',
      'delete from history where seq = 7; drop index history_by_seq; update history set seq = seq - 1 where seq > 7; create unique index history_by_seq on history (seq)',
      'Event 7 (registration 4, version 2) does not fit',
    ],
    ['an event of an application removed', 'delete from application_history where seq = 22', 'Event 22 is missing'],
    ['a change of a service removed', 'delete from service_changes where seq = 24', 'Event 24 is missing'],
    [
      'the end cut off',
      'delete from service_changes where seq > 28',
      'Event 29 is missing: the record went up to event 29',
    ],
    [
      'all of it removed',
      'delete from history; delete from application_history; delete from service_changes',
      'Event 1 is missing: the record went up to event 29',
    ],
    [
      'the end cut off, and the head with it',
      `delete from history where seq > 18; delete from application_history; delete from service_changes;
        update history_head set (seq, hash) = (select seq, hash from history where seq = 18)`,
      'Registration 3 does not fit: its events left it in another state (version, changed_at',
    ],
    [
      'what changed of services cut off, and the head with it',
      `delete from service_changes where seq > 28;
        update history_head set (seq, hash) = (select seq, hash from service_changes where seq = 28)`,
      'Service 2 does not fit: its events left it in another state (autoApprove, version).',
    ],
    [
      'an event put in',
      "insert into history (registration_id, version, action, to_status, at) values (2, 9, 'approve', 'approved', now())",
      'An event (registration 2, version 9) does not fit: it was put in without being recorded.',
    ],
    [
      'an event put in between',
      "drop index history_by_seq; update history set seq = seq + 1 where seq > 7; insert into history (registration_id, version, action, to_status, at, seq) values (2, 9, 'approve', 'approved', now(), 8); create unique index history_by_seq on history (seq)",
      'Event 8 (registration 2, version 9) does not fit',
    ],
    [
      'an event of an application put in',
      "insert into application_history values (1, 4, 'U0EVE', 'owners', 'Shop', '{U0EVE}', '{}', now())",
      'An event (application 1, version 4) does not fit: it was put in without being recorded.',
    ],
    ['the head gone', 'delete from history_head', 'Event 29 does not fit: the record up to it was rewritten'],
    [
      'a registration changed past the bot',
      "update registrations set status = 'approved' where id = 2",
      'Registration 2 does not fit',
    ],
    ['a registration put back', 'update registrations set version = 4 where id = 3', 'Registration 3 does not fit'],
    ['an application renamed past the bot', "update applications set name = 'Bank'", 'Application 1 does not fit'],
    ['an application deleted past the bot', 'update applications set deleted_at = now()', 'Application 1 does not fit'],
    ['an owner put in', "insert into application_owners values (1, 'U0EVE')", 'Application 1 does not fit'],
    ['an owner who went put back', "insert into application_owners values (1, 'U0DANA')", 'Application 1 does not fit'],
    ['an owner taken away', "delete from application_owners where user_id = 'U0LEE'", 'Application 1 does not fit'],
    ['an approver put in', "update services set approvers = approvers || '{U0EVE}' where id = 2", 'Service 2 does'],
    ['requests led elsewhere', "update services set channel = 'C0EVE' where id = 2", 'Service 2 does not fit'],
    ['a service put back', 'update services set version = 2 where id = 2', 'Service 2 does not fit'],
  ])('%s', async (_, how, said) => expect(await tamperedWith(how)).toContain(said));

  it('a rewritten chain fits by itself, but not with a head that was noted before', async () => {
    const again = `
      update history set actor = 'U0LEE' where seq = 7; create temp table events as table history;
      create temp table happened as table application_history; create temp table changes as table service_changes;
      delete from history; delete from application_history; delete from service_changes;
      update history_head set seq = 0, hash = repeat('0', 64); ${guards('enable')}
      insert into history (registration_id, version, actor, action, from_status, to_status, reason, at)
        select registration_id, version, actor, action, from_status, to_status, reason, at from events order by seq;
      insert into application_history (application_id, version, actor, action, name, added, removed, at)
        select application_id, version, actor, action, name, added, removed, at from happened order by seq;
      insert into service_changes (service_id, version, actor, before, after, at)
        select service_id, version, actor, before, after, at from changes order by seq;
      drop table events, happened, changes`;
    expect(await tamperedWith(again)).toMatch(/^All 29 events fit/);
    expect(await tamperedWith(again, noted)).toMatch(/^Event 29 does not fit: the record up to it was rewritten/);
    const longer = { seq: 30, hash: noted.hash };
    expect(await verdict(database.url, longer)).toMatch(/^Event 30 is missing: the record went up to event 30/);
  });

  it('the bot itself can neither leave a gap nor choose the place of an event', async () => {
    const { sql, url } = database;
    const again = sql`insert into history select * from kept_history where seq = 1 on conflict do nothing`;
    await expect(again).rejects.toThrow(/every row or none/);
    await sql.begin(async (tx) => {
      await tx`update registrations set version = 6, changed_by = null, changed_at = now(), change_reason = null where id = 1`;
      await tx
        .savepoint(async (lost) => {
          await lost`insert into history (registration_id, version, action, to_status, at) values (1, 7, 'revoke', 'revoked', now())`;
          throw new Error('not this one');
        })
        .catch(() => {});
      await tx`insert into history (registration_id, version, action, to_status, at, seq, hash)
        values (1, 6, 'revoke', 'revoked', now(), 999, 'mine')`;
    });
    expect(await verdict(url)).toMatch(/^All 30 events fit/);
  });
});

it('an upgrade chains the events from before there was a chain, and an earlier head still fits', async () => {
  const server = postgres(inject('postgres'), { max: 1, onnotice: () => {} });
  await server`create database test_upgrade`;
  const url = databaseUrl(inject('postgres'), 'test_upgrade');
  let sql = postgres(url, { max: 1, onnotice: () => {} });
  const before = await mkdtemp(join(tmpdir(), 'registrar-migrations-'));
  await cp(fileURLToPath(new URL('../../migrations', import.meta.url)), before, { recursive: true });
  const journal = JSON.parse(await readFile(join(before, 'meta/_journal.json'), 'utf8'));
  const migrateTo = async (name: string) => {
    const upTo = journal.entries.findIndex(({ tag }: { tag: string }) => tag.endsWith(name));
    const entries = journal.entries.slice(0, upTo);
    await writeFile(join(before, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
    await migrate(drizzle(sql), { migrationsFolder: before });
  };
  await migrateTo('history-is-chained');

  await hasHappened({ sql }, 3, 40);
  await sql`alter database test_upgrade set timezone to 'America/St_Johns'`;
  await sql`alter database test_upgrade set datestyle to 'SQL, DMY'`;
  await sql.end();
  sql = postgres(url, { max: 1, onnotice: () => {} });
  await migrateTo('records-are-chained');
  const [noted] = await sql<{ seq: number; hash: string }[]>`select seq::int, hash from history_head`;
  expect(noted?.seq).toBe(120);
  await sql.unsafe(`alter table application_history disable trigger user;
    delete from application_history; alter table application_history enable trigger user`);
  await hasChanged({ sql });
  await migrateDatabase(url);
  expect(await verdict(url)).toMatch(/^All 131 events fit/);
  expect(await verdict(url, noted)).toMatch(/^All 131 events fit/);
  const [first] = await sql`select registration_id::int id, version from history where seq = 4`;
  expect(first).toEqual({ id: 1, version: 2 });
  for (const table of recordsOf)
    await expect(sql.unsafe(`update ${table} set actor = 'U0SAM'`)).rejects.toThrow(/append-only/);

  await sql.end();
  await server`drop database test_upgrade with (force)`;
  await server.end();
  await rm(before, { recursive: true });
});

it('concurrent transitions lock the head last, and every event has its place', async () => {
  await using scenario = await sharedScenarios().open();
  const { database } = scenario;
  const { dana, sam, alex, priya } = people(scenario);
  await requests(dana, alex, 'Payments API');
  await requests(dana, alex, 'Ledger API', 'Till');
  // What is being delivered would stand at the locks of those who decide.
  await delivered(scenario);
  const head = await holdRecord(database);
  const acting = [
    asks(sam, ['Payments API', 'Ledger API', 'Search API'], 'App'),
    alex.clicks('Approve', { in: 'api-requests', on: /Payments/ }),
    priya.clicks('Approve', { in: 'api-requests', on: /Ledger/ }),
  ];
  await waitForBlocked(database, 3);
  // What it says goes into the outbox before: a transaction that held the head and waited for something else could wait in a circle.
  const [{ count } = {}] = await database.sql`
    select count(distinct waiting.pid)::int from pg_stat_activity waiting join pg_locks held using (pid)
    where waiting.datname = current_database() and waiting.wait_event_type = 'Lock'
      and held.relation = 'outbox'::regclass and held.mode = 'RowExclusiveLock'`;
  await head.release();
  await Promise.all(acting);
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  await alex.finds(/Approved by @priya/, { in: 'api-requests' });
  expect(count).toBe(3);
  expect(await verdict(database.url)).toMatch(/^All 14 events fit/);
});
