/** A person who is erased: nothing names them any more, and what happened still fits together and tells that it was erased. */
import { describe, expect, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { formatEraseResult, readArguments } from '../../src/cli/erase.ts';
import { erase } from '../../src/db/audit-log/erase.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import type { TestDatabase } from '../support/database.ts';
import { openGatewayScenario } from '../support/gateway.ts';
import { holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { delivered } from '../support/outbox.ts';
import { asks, people } from '../support/steps.ts';
import { createVersion01 } from '../support/upgrade/version-0.1.ts';

const at = new Date('2026-11-27T10:00:00Z');
const verdict = async (url: string, noted?: { seq: number; hash: string }) =>
  formatVerifyResult(await verify(url, noted));
const erased = async (database: TestDatabase, person: string) =>
  formatEraseResult(await erase(database.url, person, 'U0ALEX', at));

/** Lists the tables in which a text is, in any column of any row. */
async function tracesOf({ sql }: TestDatabase, text: string): Promise<string[]> {
  const tables = await sql`select table_name as name from information_schema.tables where table_schema = 'public'`;
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await sql.unsafe(`select t::text as row from ${name} t where strpos(t::text, '${text}') > 0`);
      return rows.map(({ row }) => `${name}: ${row}`);
    }),
  );
  return found.flat();
}

const inChannel = (service: string) => ({ in: 'api-requests', on: new RegExp(service) });

it('is found in no table, once they hold nothing, and the record still fits', async () => {
  await using scenario = await openGatewayScenario();
  const { database } = scenario;
  const { dana, alex } = people(scenario);
  const why = 'Because Dana wants it';
  await asks(dana, ['Payments API'], 'Shop', why);
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('Approve', inChannel('Payments API'));
  await dana.finds(/Get key/);
  await dana.clicks('Get key', { in: 'messages' });
  await dana.finds(/rg_/, { in: 'modal' });
  await dana.closes();
  await asks(dana, ['Ledger API'], 'Shop', why);
  await alex.finds(/Ledger API/, { in: 'api-requests' });
  await alex.clicks('Reject', inChannel('Ledger API'));
  await alex.fills('Reason', 'Dana asks too much');
  await alex.submits();
  await delivered(scenario);

  expect(await erased(database, dana.id)).toBe(
    'Nothing was erased: the person still has the application Shop. Hand over the applications, decide or delete the requests, and take them out of the approvers; then run this again.',
  );
  expect(await tracesOf(database, why)).not.toEqual([]);
  await dana.opensHome();
  await dana.clicks('Hand over', { in: 'home', on: /Shop/ });
  await dana.picks('New owner', 'sam');
  await dana.submits();
  await delivered(scenario);

  const noted = await verify(database.url);
  expect(noted).toMatchObject({ fits: true, erased: 0 });
  const before = await database.sql`select seq, hash, action, at from history order by seq`;
  expect(await erased(database, dana.id)).toMatch(
    /^Erased: the person is erased-1 now, in \d+ events of the record too/,
  );
  expect(await tracesOf(database, dana.id)).toEqual([]);
  expect(await tracesOf(database, why)).toEqual([]);
  // What others wrote stays.
  expect(await tracesOf(database, 'Dana asks too much')).not.toEqual([]);
  expect(await database.sql`select seq, hash, action, at from history order by seq`).toEqual(before);
  expect(await verdict(database.url, noted.fits ? noted.head : undefined)).toMatch(
    /^All \d+ events fit, \d+ of them as they were/,
  );
  expect(await erased(database, dana.id)).toBe('Nothing of this person is kept.');

  expect(await erased(database, alex.id)).toMatch(/^Erased: the person is erased-\d+ now/);
  expect(await tracesOf(database, 'Dana asks too much')).toEqual([]);
  expect(await verdict(database.url, noted.fits ? noted.head : undefined)).toMatch(
    /^All \d+ events fit, \d+ of them as they were/,
  );
});

it('gets a mark that no one else gets, of two who are erased at once as well', async () => {
  await using database = await createVersion01();
  await migrateDatabase(database.url);
  await database.sql`update services set approvers = '{}', version = version + 1 where 'U0ALEX' = any(approvers)`;
  await database.sql`insert into service_changes (service_id, version, actor, before, after, at)
    select id, version, null, '{"approvers": ["U0ALEX"]}', '{"approvers": []}', now() from services where slug = 'ledger'`;
  const held = await holdRegistrations(database);
  const both = ['U0SAM', 'U0ALEX'].map((person) => erase(database.url, person, null, at));
  await waitForBlocked(database, 2);
  await held.release();
  const marks = (await Promise.all(both)).map((one) => (one.ok ? one.erasure.mark : one.holds));
  expect(marks.toSorted()).toEqual(['erased-1', 'erased-2']);
  expect(await verdict(database.url)).toMatch(/^All \d+ events fit, \d+ of them as they were erased/);
});

describe('what version 0.1 wrote', () => {
  it('is erased as well; its old hashes stay, and fit', async () => {
    await using database = await createVersion01();
    await migrateDatabase(database.url);
    await database.sql`delete from application_owners where user_id = 'U0LEE'`;
    await database.sql`insert into application_owners values (3, 'U0PRIYA')`;
    await database.sql`update applications set version = 2 where id = 3`;
    await database.sql`insert into application_history (application_id, version, actor, action, name, added, removed, at)
      values (3, 2, 'U0LEE', 'hand-over', 'Scanner', '{U0PRIYA}', '{U0LEE}', now())`;
    const noted = { seq: 20, hash: 'ec07fc9fc675d21173ae5166021286f96b952a44b1b229ef010426f171fe491e' };
    expect(await erased(database, 'U0LEE')).toMatch(/^Erased/);
    expect(await tracesOf(database, 'U0LEE')).toEqual([]);
    expect(await verdict(database.url, noted)).toMatch(/^All \d+ events fit, 4 of them as they were erased/);
  });
});

describe('an event of the record', () => {
  const database = createVersion01();
  /** An erasure that vouches for other values of event 13, and the update to them. */
  const forged = (values: Record<string, string>) => `
    with one as (select h as old, gen_random_uuid() as salt from history h where seq = 13),
      after as (select salt, jsonb_populate_record(old, '${JSON.stringify(values)}') as event from one),
      made as (insert into erasures (mark, events, at) select 'erased-1', jsonb_build_object(13, audit_digest(
        jsonb_build_array(salt) || audit_fields(event))), now() from after returning number)
    select set_config('registrar.erasure', number::text, true), set_config('registrar.salt', salt::text, true) from made, after;
    update history set ${Object.entries(values).map(([column, value]) => `${column} = '${value}'`)},
      salt = current_setting('registrar.salt')::uuid where seq = 13`;

  it('changes as its erasure says', async () => {
    const { url, sql } = await database;
    await migrateDatabase(url);
    const rollBack = new Error('not this one');
    const done = sql.begin(async (tx) => {
      await tx.unsafe(forged({ actor: 'erased-1' }));
      throw rollBack;
    });
    await expect(done).rejects.toBe(rollBack);
  });

  it.each([
    ['without an erasure', "update history set actor = 'erased-1'"],
    ['with another salt', 'update history set salt = gen_random_uuid()'],
    ['to another person', forged({ actor: 'U0EVE' })],
    ['to another reason', forged({ reason: 'Because' })],
    ['to another decision', forged({ actor: 'erased-1', to_status: 'rejected' })],
    ['to another service', forged({ actor: 'erased-1', service_id: '2' })],
    ['to another hash', forged({ actor: 'erased-1', hash: 'a' })],
    [
      'than its erasure says',
      forged({ actor: 'erased-1' }).replace("set actor = 'erased-1'", "set actor = '(erased)'"),
    ],
    ['as long as the erasure is there', 'delete from erasures'],
  ])('changes in no other way: %s', async (_, statement) => {
    const { sql } = await database;
    await expect(sql.begin((tx) => tx.unsafe(statement))).rejects.toThrow(/append-only/);
  });

  it('that was erased is still evidence: what is changed in it since is named', async () => {
    const { url, sql } = await database;
    expect(await erased(await database, 'U0SAM')).toMatch(/^Erased/);
    for (const [table, change] of [
      ['history', "reason = 'Something else' where seq = 8"],
      ['history', "to_status = 'approved' where seq = 8"],
      ['history', 'salt = gen_random_uuid() where seq = 8'],
      ['application_history', "removed = '{erased-9}' where seq = 15"],
      ['erasures', "events = '{}'"],
    ]) {
      await sql.unsafe(`create table kept as table ${table}`);
      const tampered = async (how: string) =>
        sql.begin(async (tx) => {
          await tx`set local session_replication_role = replica`;
          await tx.unsafe(how);
        });
      await tampered(`update ${table} set ${change}`);
      expect(await verdict(url), change).toMatch(/does not fit/);
      const [identity = ''] = table === 'erasures' ? ['overriding system value'] : [];
      await tampered(`delete from ${table}; insert into ${table} ${identity} select * from kept; drop table kept`);
      expect(await verdict(url)).toMatch(/^All/);
    }
    await (await database)[Symbol.asyncDispose]();
  });
});

it.each([[], ['--user', 'dana'], ['--user', 'U0DANA', '--all']])('a wrong call gets the usage: %j', (...args) => {
  expect(() => readArguments(args.flat())).toThrow(/npm run erase -- --user U…/);
});
