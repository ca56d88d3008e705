/** The way over from version 0.1, whose outbox was pg-boss's tables. */
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../src/db/client.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { takeOverPgBoss } from '../../src/db/outbox/pg-boss.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { hold, waitForBlocked } from '../support/locks.ts';
import { createVersion01 } from '../support/upgrade/version-0.1.ts';

let database: TestDatabase;
let db: Connection;

beforeEach(async () => {
  database = await createVersion01();
  await migrateDatabase(database.url);
  db = connect(database.url);
});

afterEach(async () => {
  await db.close();
  await database[Symbol.asyncDispose]();
});

const jobs = () => database.sql`
  select lane, effect->>'version' as version, case when dead_at is not null then 'dead' when run_at > now() then 'later' else 'due' end as state,
    unsure, destination, cause from outbox order by id`;

const expected = [
  ['notice:3 2', 'dead', true, 'direct', 'channel_not_found'],
  ['notice:4 2', 'dead', true, 'cards', 'crashed'],
  // What was being posted may have been: it is looked for, once a worker of version 0.1 has given it up.
  ['card:6 1', 'later', true, null, null],
  ['card:2 1', 'due', true, 'C0PAY', 'channel_not_found'],
  ['mail:1 2', 'due', true, null, null],
  ['mail:3 2', 'due', true, null, null],
  ['mail:4 2', 'due', true, null, null],
  // It waits for its slot, and has not been posted.
  ['notice:5 2', 'later', false, null, null],
  ['mail:5 2', 'due', false, null, null],
  ['card:6 2', 'due', false, null, null],
];

/** The time at which the slot of the fixture is, an hour on from now. */
const moveSlot = () => database.sql`
  update pgboss.job set start_after = now() + interval '1 hour', data = jsonb_set(data, '{turn}', to_jsonb(now() + interval '1 hour'))
  where data ? 'turn'`;

async function holdsAll(): Promise<void> {
  const found = (await jobs()).map((one) => [
    `${one.lane} ${one.version}`,
    one.state,
    one.unsure,
    one.destination,
    one.cause,
  ]);
  expect(found.sort()).toEqual([...expected].sort());
  const mine = found.map(([name]) => name).filter((name) => String(name).startsWith('card:6'));
  expect(mine).toEqual(['card:6 1', 'card:6 2']);
}

describe('what pg-boss holds', () => {
  it('is taken over, in every state, once, by however many replicas start', async () => {
    await moveSlot();
    const other = connect(database.url);
    const results = await Promise.all([takeOverPgBoss(db), takeOverPgBoss(other), takeOverPgBoss(db)]);
    await other.close();
    expect(results).toContainEqual({ moved: expected.length });
    await holdsAll();
    const { sql } = database;
    expect(
      await sql`select effect from outbox where effect ?| array['since', 'turn', 'unsure', 'why', 'place']`,
    ).toEqual([]);
    const [letter] = await sql`select enqueued_at from outbox where lane = 'notice:3'`;
    expect(letter?.enqueued_at).toEqual(new Date('2026-11-26T21:46:54.267Z'));
  });

  it('is neither lost nor taken twice where a start is killed in the middle', async () => {
    await moveSlot();
    const held = await hold(database, (tx) => tx`select from outbox for update`);
    await held.release();
    // It has deleted and inserted, and stands still before its trigger.
    const stopped = await hold(database, (tx) => tx`lock table pgboss.version in access exclusive mode`);
    await database.sql`create function pgboss.stop() returns trigger language plpgsql as $$ begin perform from pgboss.version; return new; end $$`;
    await database.sql`create trigger stop after insert on outbox for each row execute function pgboss.stop()`;
    const killed = takeOverPgBoss(db).catch((error: unknown) => error);
    await waitForBlocked(database, 1);
    await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    expect(await killed).toBeInstanceOf(Error);
    await stopped.release();
    await database.sql`drop trigger stop on outbox`;
    expect(await jobs()).toEqual([]);
    await takeOverPgBoss(db);
    await holdsAll();
  });

  it('is taken over also where a replica of version 0.1 still enqueues, as it commits', async () => {
    await takeOverPgBoss(db);
    await database.sql`delete from outbox`;
    const enqueue = (tx: postgres.Sql | postgres.TransactionSql, version: number) => tx`
      insert into pgboss.job_common (name, data, singleton_key, priority, policy, dead_letter)
      values ('outbox', ${tx.json({ kind: 'card', registration: 1, version })}, 'card:1', 1, 'key_strict_fifo', 'outbox-dead')
      on conflict do nothing returning id`;
    const heard: string[] = [];
    const listening = await database.sql.listen('registrar_outbox', (payload) => heard.push(payload));
    await enqueue(database.sql, 3);
    await database.sql
      .begin(async (tx) => {
        await enqueue(tx, 4);
        throw new Error('rolled back');
      })
      .catch(() => {});
    expect((await jobs()).map(({ lane, version, state }) => [lane, version, state])).toEqual([['card:1', '3', 'due']]);
    expect(await database.sql`select from pgboss.job`).toEqual([]);
    await eventually('the workers are woken', async () => heard.length === 1);
    await listening.unlisten();
  });
});

it('only the owner takes it over: a role that owns nothing says what to run, and starts once that is done', async () => {
  const role = `runs_${process.pid}_${Date.now()}`;
  const url = new URL(database.url);
  await database.sql.unsafe(`create role ${role} login password '${url.password}'`);
  url.username = role;
  const running = connect(url.href);
  await expect(takeOverPgBoss(running)).rejects.toThrow(/run npm run migrate as the owner/);
  await takeOverPgBoss(db);
  expect(await takeOverPgBoss(running)).toBe('nothing');
  expect(await jobs()).toHaveLength(expected.length);
  await running.close();
  await database.sql.unsafe(`drop role ${role}`);
});

describe("pg-boss's schema", () => {
  const isThere = async () => (await database.sql`select from pg_namespace where nspname = 'pgboss'`).length === 1;

  it('goes at a start that finds it empty, and not while a replica of version 0.1 is there', async () => {
    const old = postgres(database.url, { max: 1, connection: { application_name: 'registrar-outbox' } });
    await old`select 1`;
    await takeOverPgBoss(db);
    expect(await takeOverPgBoss(db)).toEqual({ moved: 0 });
    expect(await isThere()).toBe(true);
    await old.end();
    await eventually('it has left', async () => (await takeOverPgBoss(db)) === 'dropped');
    expect(await isThere()).toBe(false);
    expect(await takeOverPgBoss(db)).toBe('nothing');
    expect(await jobs()).toHaveLength(expected.length);
  });

  it("stays where another program's queues are in it", async () => {
    await database.sql`select pgboss.create_queue('theirs', '{"policy": "standard"}')`;
    await takeOverPgBoss(db);
    expect(await takeOverPgBoss(db)).toEqual({ moved: 0 });
    expect(await isThere()).toBe(true);
  });
});

it('a version that meets migrations of a newer one changes nothing, and says which', async () => {
  await database.sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', ${Date.parse('2027-05-01')})`;
  await expect(migrateDatabase(database.url)).rejects.toThrow(/newer version of Registrar.*2027-05-01/);
});
