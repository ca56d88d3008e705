/** Sessions that end between two statements: no place in the pool is lost, and nothing runs that was rolled back. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { databaseAddress } from '../../src/db/connection/database-url.ts';
import { openSession } from '../../src/db/connection/session.ts';
import { watchPool } from '../../src/db/connection/watchdog.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.sql`create table steps (step text)`;
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => database.sql`truncate steps`);

const steps = async () => (await database.sql`select step from steps order by 1`).map(({ step }) => step);

/** Ends the session of an open transaction, as an administrator does, and waits until PostgreSQL has. */
async function terminate(pid: number): Promise<void> {
  await database.sql`select pg_terminate_backend(${pid})`;
  await eventually('it has ended', async () => {
    return (await database.sql`select from pg_stat_activity where pid = ${pid}`).length === 0;
  });
}

type Tx = Parameters<Parameters<ReturnType<typeof connect>['tables']['transaction']>[0]>[0];
const pidOf = async (tx: Tx) => Number((await tx.execute<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid);

describe.each([0, 300])('a session that ends %i ms before the next statement of its transaction', (wait) => {
  it('costs no place in the pool, however often, and what was rolled back stays so', async () => {
    const { tables, close } = connect(database.url);
    for (let round = 0; round < 12; round += 1) {
      const transaction = tables.transaction(async (tx) => {
        await tx.execute(`insert into steps values ('first ${round}')`);
        await terminate(await pidOf(tx));
        await pause(wait);
        await tx.execute(`insert into steps values ('second ${round}')`);
      });
      await expect(transaction).rejects.toThrow();
    }
    const after = Array.from({ length: 20 }, () => tables.execute('select 1 as one'));
    expect(await Promise.all(after)).toEqual(after.map(() => [{ one: 1 }]));
    expect(await steps()).toEqual([]);
    await close();
  });

  it('runs none of it on the sessions that others wait for', async () => {
    const { tables, close } = connect(database.url);
    const begun = Array.from({ length: 6 }, () => Promise.withResolvers<number>());
    const goOn = Promise.withResolvers<void>();
    const broken = begun.map(({ resolve }, number) =>
      tables.transaction(async (tx) => {
        await tx.execute(`insert into steps values ('first ${number}')`);
        resolve(await pidOf(tx));
        await goOn.promise;
        await pause(wait);
        await tx.execute(`insert into steps values ('second ${number}')`);
      }),
    );
    const rejected = Promise.all(broken.map((one) => expect(one).rejects.toThrow()));
    const pids = await Promise.all(begun.map(({ promise }) => promise));
    const waiting = Array.from({ length: 12 }, (_, number) =>
      tables.transaction(async (tx) => {
        await tx.execute(`insert into steps values ('other ${number}')`);
        await tx.execute('select pg_sleep(0.05)');
      }),
    );
    await Promise.all(pids.map(terminate));
    goOn.resolve();
    await rejected;
    await Promise.all(waiting);
    expect(await steps()).toEqual(waiting.map((_, number) => `other ${number}`).toSorted());
    await close();
  });
});

describe('the error of an ended session answers no later statement:', () => {
  const answersAfterwards = async (tables: ReturnType<typeof connect>['tables']) => {
    const answers = await Promise.all([1, 2, 3].map(() => tables.execute('select 1 as one')));
    expect(answers.flat()).toEqual([{ one: 1 }, { one: 1 }, { one: 1 }]);
  };

  it('57P01, as an administrator ended it while a statement ran', async () => {
    const { tables, close } = connect(database.url);
    for (let round = 0; round < 6; round += 1) {
      const transaction = tables.transaction(async (tx) => {
        const pid = await pidOf(tx);
        const sleeping = expect(tx.execute('select pg_sleep(30)')).rejects.toThrow();
        await terminate(pid);
        await sleeping;
      });
      await expect(transaction).rejects.toThrow();
      await answersAfterwards(tables);
    }
    await close();
  });

  it('25P03, as its transaction was idle for too long', async () => {
    const { tables, close } = connect(database.url, { idle_in_transaction_session_timeout: 50 });
    for (let round = 0; round < 6; round += 1) {
      const transaction = tables.transaction(async (tx) => {
        const pid = await pidOf(tx);
        await eventually('it has ended', async () => {
          return (await database.sql`select from pg_stat_activity where pid = ${pid}`).length === 0;
        });
        await tx.execute('select 1');
      });
      await expect(transaction).rejects.toThrow();
      await answersAfterwards(tables);
    }
    await close();
  });
});

it('a connection that is reset with statements on their way rejects them, and no others', async () => {
  await using proxy = await createTcpProxy(database.url);
  const { tables, close } = connect(proxy.url, { statement_timeout: 0 });
  for (let round = 0; round < 6; round += 1) {
    const running = Array.from({ length: 6 }, () => expect(tables.execute('select pg_sleep(30)')).rejects.toThrow());
    await eventually('all run', async () => {
      const found =
        await database.sql`select from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'`;
      return found.length === 6;
    });
    proxy.cut();
    await Promise.all(running);
    expect(await tables.execute('select 1 as one')).toEqual([{ one: 1 }]);
    await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(30)'`;
  }
  await close();
});

it('a transaction in which a statement failed is rolled back, also where the error was caught', async () => {
  const { tables, close } = connect(database.url);
  const transaction = tables.transaction(async (tx) => {
    await tx.execute(`insert into steps values ('first')`);
    await tx.execute('select 1/0').catch(() => {});
    return 'done';
  });
  await expect(transaction).rejects.toMatchObject({ code: '22012' });
  expect(await steps()).toEqual([]);
  await close();
});

it('a statement that comes after its transaction is over runs nowhere', async () => {
  const { tables, close } = connect(database.url);
  const tx = await tables.transaction(async (tx) => tx);
  await expect(tx.execute(`insert into steps values ('late')`)).rejects.toThrow();
  expect(await steps()).toEqual([]);
  await close();
});

it('everything that waits in a session that ends is rejected, and what comes later too', async () => {
  const options = { applicationName: 'test', settings: {}, writes: true };
  const session = await openSession(databaseAddress(database.url), options);
  const [{ pid } = { pid: 0 }] = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
  const waiting = Array.from({ length: 8 }, (_, n) => session.query('select $1::int, pg_sleep(30)', [n]));
  const rejected = Promise.all(waiting.map((one) => expect(one).rejects.toThrow()));
  await terminate(pid);
  await rejected;
  await expect(session.query('select 1')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});

it('a session that does not answer in time is given up', async () => {
  const settings = { statement_timeout: 0 };
  const options = { applicationName: 'test', settings, writes: true, answerWithin: 100 };
  const session = await openSession(databaseAddress(database.url), options);
  await expect(session.query('select pg_sleep(60)')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  await session.ended;
  expect(session.hasEnded()).toBe(true);
});

it('where PostgreSQL gives only two sessions, all are served by them', async () => {
  const url = new URL(database.url);
  await database.sql`create role few login password 'few' connection limit 2`;
  url.username = url.password = 'few';
  const { tables, close } = connect(url.href);
  const answers = Array.from({ length: 30 }, () => tables.execute('select pg_sleep(0.02)'));
  await Promise.all(answers);
  await close();
  await database.sql`drop role few`;
});

it('a pool that does not answer while PostgreSQL does is noticed, and an outage is not', async () => {
  await using toPool = await createTcpProxy(database.url);
  await using toAll = await createTcpProxy(database.url);
  const timing = { interval: 50, looks: 3 };
  const [stuck, out] = [connect(toPool.url), connect(toAll.url)];
  const ended = Promise.withResolvers<void>();
  let ofOutage = false;
  const watches = [
    watchPool(stuck, database.url, ended.resolve, timing),
    watchPool(
      out,
      toAll.url,
      () => {
        ofOutage = true;
      },
      timing,
    ),
  ];
  await Promise.all([stuck, out].map(({ tables }) => tables.execute('select 1')));
  await Promise.all([toPool.setFault('silent'), toAll.setFault('silent')]);
  await ended.promise;
  await expect(out.tables.execute('select 1')).rejects.toThrow();
  expect(ofOutage).toBe(false);
  for (const stop of watches) stop();
  await Promise.all([stuck.close(), out.close()]);
});
