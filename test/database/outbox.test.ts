/** The outbox's table and its worker, race by race. */
import { type SQL, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, connect, type Drizzle, type Tx } from '../../src/db/client.ts';
import { createOutbox, startDelivering } from '../../src/db/outbox/outbox.ts';
import { redrive, redriveAll } from '../../src/db/outbox/redrive.ts';
import { deliverStage, isBusyWithBulk } from '../../src/db/outbox/stages.ts';
import * as store from '../../src/db/outbox/store.ts';
import type { Attempt, Deliver, Job } from '../../src/db/outbox/types.ts';
import { startWorker, type Worker } from '../../src/db/outbox/worker.ts';
import type { Priority } from '../../src/domain/effects.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { hold, waitForBlocked } from '../support/locks.ts';

let database: TestDatabase;
let db: Connection;
let other: Connection;

beforeAll(async () => {
  database = await createDatabase();
  db = connect(database.url);
  other = connect(database.url);
});

afterAll(async () => {
  await db.close();
  await other.close();
  await database[Symbol.asyncDispose]();
});

beforeEach(() => database.sql`truncate outbox`);

const slots = { all: 10, others: 10 };

const enqueue = (...lanes: Lanes) => enqueueBy(db, ...lanes);

type Lanes = (string | [lane: string, priority: Priority])[];

function enqueueBy({ tables }: Connection, ...lanes: Lanes) {
  const jobs = lanes.map((one) => {
    const [lane, priority] = typeof one === 'string' ? [one, 'act' as const] : one;
    return { queue: 'test', lane, priority, effect: { kind: lane } };
  });
  return tables.transaction((tx) => store.enqueue(tx, jobs));
}

const claim = async (from: Connection = db) => (await store.claim(from, 'test', slots)).jobs;

async function claimOne(from: Connection = db): Promise<Job> {
  const [job] = await claim(from);
  if (!job) throw new Error('there is nothing to claim');
  return job;
}

const complete = (job: Job) => db.tables.transaction((tx) => store.complete(tx, job));

/** As after a worker's death, or where its process was paused for too long. */
const endLeases = () => database.sql`update outbox set run_at = now() - interval '1 second' where leased`;

const holdLane = (lane: string) =>
  hold(database, (tx) => tx`select pg_advisory_xact_lock(hashtextextended('outbox ' || ${lane}, 0))`);

describe('the table', () => {
  it('gives the jobs of a lane to one worker at a time, in order, however many are looking', async () => {
    await enqueue('card:1', 'card:1', 'card:2');
    await enqueue('card:1');
    const found = await Promise.all([db, other, db, other].map(claim));
    expect(
      found
        .flat()
        .map(({ lane }) => lane)
        .sort(),
    ).toEqual(['card:1', 'card:2']);
    const ids: number[] = [];
    for (let jobs = found.flat().filter(({ lane }) => lane === 'card:1'); jobs.length > 0; jobs = await claim(other)) {
      for (const job of jobs) await complete(job);
      ids.push(...jobs.map(({ id }) => id));
    }
    expect(ids).toHaveLength(3);
    expect(ids).toEqual(ids.toSorted((one, next) => one - next));
  });

  it('never has a claim wait: a lane that another worker is claiming is skipped', async () => {
    await enqueue('card:1', 'card:2');
    const held = await holdLane('card:1');
    expect((await claim()).map(({ lane }) => lane)).toEqual(['card:2']);
    await held.release();
    expect((await claim()).map(({ lane }) => lane)).toEqual(['card:1']);
  });

  it('also serves what was enqueued while the job before it was completed', async () => {
    await enqueue('card:1');
    const first = await claimOne();
    await enqueue('card:1');
    // It is seen behind the first one, and leaves the front.
    expect(await claim()).toEqual([]);
    const held = await holdLane('card:1');
    const ended = complete(first);
    await waitForBlocked(database, 1);
    await enqueue('card:1');
    await held.release();
    await ended;
    const second = await claimOne();
    await complete(second);
    await complete(await claimOne());
    expect(await database.sql`select from outbox`).toEqual([]);
  });

  it('lets a worker write nothing about a job whose lease another one has', async () => {
    await enqueue('card:1');
    const zombie = await claimOne();
    await endLeases();
    const job = await claimOne(other);
    expect(job).toMatchObject({ id: zombie.id, attempt: zombie.attempt + 1, crashed: true, unsure: true });
    const incident = { destination: 'C0', cause: 'is_archived' };
    for (const write of [
      (tx: Tx) => store.keep(tx, zombie).then(() => store.saveProgress({ tables: tx }, zombie, 'page 2')),
      (tx: Tx) => store.complete(tx, zombie),
      (tx: Tx) => store.retry(tx, zombie, 0, undefined),
      (tx: Tx) => store.postpone(tx, zombie, { seconds: 0 }),
      (tx: Tx) => store.bury(tx, zombie, incident),
    ]) {
      await expect(
        db.tables.transaction(async (tx) => {
          await write(tx);
          // What goes with it is not written either.
          await store.enqueue(tx, [{ queue: 'test', lane: 'other', priority: 'act', effect: { kind: 'other' } }]);
        }),
      ).rejects.toThrow(store.LeaseLost);
    }
    expect([await store.heartbeat(db, zombie), await store.heartbeat(db, job)]).toEqual([false, true]);
    expect(await database.sql`select attempt, progress, leased, dead_at from outbox`).toEqual([
      { attempt: job.attempt, progress: null, leased: true, dead_at: null },
    ]);
    await complete(job);
  });

  it('does not give a job to a second worker that found it before the first one took it', async () => {
    await enqueue('card:1');
    // As slow as a machine can be: this worker has seen what is due, and has yet to lock the lane.
    await database.sql.unsafe(`
      create function dawdle() returns bool volatile language plpgsql as $$ begin
        if current_setting('application_name') = 'slow' then
          perform pg_advisory_xact_lock_shared(42);
        end if;
        return true; end $$;
      alter table outbox rename to jobs;
      create view outbox as select * from jobs where dawdle();`);
    const slow = connect(database.url, { application_name: 'slow' });
    const held = await hold(database, (tx) => tx`select pg_advisory_xact_lock(42)`);
    const late = store.claim(slow, 'test', slots);
    await waitForBlocked(database, 1);
    const job = await claimOne();
    await held.release();
    expect(await late).toMatchObject({ jobs: [] });
    await slow.close();
    await database.sql.unsafe('drop view outbox; alter table jobs rename to outbox; drop function dawdle');
    await complete(job);
  });

  it('makes what is before another in its lane as urgent as that, also where both go in at once', async () => {
    await enqueue(['card:1', 'bulk'], ['card:1', 'clock'], ['card:1', 'act'], ['card:1', 'bulk']);
    const rows = await database.sql`select priority, front from outbox order by id`;
    expect(rows.map(({ priority, front }) => [priority, front])).toEqual([
      [0, true],
      [0, false],
      [0, false],
      [2, false],
    ]);
  });

  it('remembers until when an attempt may have reached Slack; a wait for Slack’s answer moves only the first such moment', async () => {
    await enqueue('card:1');
    const until = async () => (await database.sql`select unsure, unsure_until from outbox`)[0];
    const ends = async (write: (tx: Tx, job: Job) => Promise<void>) => {
      const job = await claimOne();
      await db.tables.transaction((tx) => write(tx, job));
      await database.sql`update outbox set run_at = now()`;
      return until();
    };
    expect(await ends((tx, job) => store.postpone(tx, job, { seconds: 0 }))).toEqual({
      unsure: false,
      unsure_until: null,
    });
    const first = await ends((tx, job) => store.postpone(tx, job, { seconds: 0, unsure: true }));
    expect(first).toEqual({ unsure: true, unsure_until: expect.any(Date) });
    expect(await ends((tx, job) => store.postpone(tx, job, { seconds: 0, unsure: true }))).toEqual(first);
    const later = await ends((tx, job) => store.retry(tx, job, 0));
    expect(later?.unsure_until.getTime()).toBeGreaterThan(first?.unsure_until.getTime());
  });

  it('raises a long lane some at a time, and a second later the rest of it', async () => {
    for (let part = 0; part < 3; part += 1)
      await enqueue(...Array.from({ length: 100 }, () => ['homes', 'bulk'] as [string, Priority]));
    await enqueue('homes');
    const raised = async () => {
      const [row] = await database.sql`select count(*)::int from outbox where priority = 0`;
      return row?.count;
    };
    expect(await store.claim(db, 'test', { all: 10, others: 0 })).toMatchObject({ jobs: [] });
    expect(await raised()).toBe(201);
    await database.sql`update outbox set run_at = now() where front and priority = 0`;
    await store.claim(db, 'test', { all: 1, others: 0 });
    await database.sql`update outbox set run_at = now() where front and priority = 0 and not leased`;
    await store.claim(db, 'test', { all: 1, others: 0 });
    expect(await raised()).toBe(301);
  });

  it('raises the priority of what is before a user in their lane, and never serves bulk before users', async () => {
    await enqueue(...Array.from({ length: 30 }, (_, index): [string, Priority] => [`card:${index}`, 'bulk']));
    await enqueue(['card:29', 'bulk'], ['card:29', 'clock']);
    await enqueue(['card:29', 'act']);
    await enqueue(['card:30', 'act']);
    const taken: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const { jobs } = await store.claim(db, 'test', { all: 1, others: 1 });
      for (const job of jobs) {
        taken.push(job.lane);
        await complete(job);
      }
    }
    expect(taken.filter((lane) => lane === 'card:30')).toHaveLength(1);
    expect(taken.filter((lane) => lane === 'card:29')).toHaveLength(4);
  });

  it('keeps slots free for people, whatever the clock brings', async () => {
    await enqueue(['a', 'bulk'], ['b', 'clock'], ['c', 'bulk'], ['d', 'clock']);
    const others = await store.claim(db, 'test', { all: 4, others: 2 });
    expect(others.jobs.map(({ lane }) => lane).sort()).toEqual(['b', 'd']);
    await enqueue('e', 'f', 'g');
    const people = await store.claim(db, 'test', { all: 2, others: 0 });
    expect(people.jobs.map(({ lane }) => lane)).toEqual(['e', 'f']);
  });

  it('sees room for the next stage of bulk unless so many lanes of it wait, and does not count what has failed', async () => {
    const bulk = (lane: string) => ({ queue: 'outbox', lane, priority: 'bulk' as const, effect: { kind: 'card' } });
    await db.tables.transaction((tx) => store.enqueue(tx, ['a', 'b', 'c', 'c'].map(bulk)));
    expect(await isBusyWithBulk(db, 3)).toBe(true);
    expect(await isBusyWithBulk(db, 4)).toBe(false);
    const effects = [{ kind: 'card' as const, registration: 1, version: 1 }];
    expect(await deliverStage(db, effects)).toEqual({ status: 'delivered', effects });
    const { jobs } = await store.claim(db, 'outbox', slots);
    const incident = { destination: 'C0', cause: 'is_archived' };
    for (const job of jobs) await db.tables.transaction((tx) => store.retry(tx, job, 3600, incident));
    expect(await isBusyWithBulk(db, 1)).toBe(false);
    const lanes = Array.from({ length: 200 }, (_, index) => bulk(`lane:${index}`));
    await db.tables.transaction((tx) => store.enqueue(tx, lanes));
    expect(await deliverStage(db, effects)).toEqual({ status: 'postponed', seconds: 1 });
  });

  it.each(['repeatable read', 'serializable'])('is not worked on in a transaction that is %s', async (level) => {
    await enqueue('card:1');
    const set = sql.raw(`set transaction isolation level ${level}`);
    const strict: Drizzle = Object.create(db.tables, {
      transaction: {
        value: (work: (tx: Tx) => Promise<unknown>) =>
          db.tables.transaction(async (tx) => {
            await tx.execute(set);
            return work(tx);
          }),
      },
    });
    const needs = /needs READ COMMITTED; this transaction is (repeatable read|serializable)/;
    await expect(store.claim({ tables: strict }, 'test', slots)).rejects.toThrow(needs);
    const job = await claimOne();
    await expect(strict.transaction((tx) => store.complete(tx, job))).rejects.toThrow(needs);
    expect(await database.sql`select leased from outbox`).toEqual([{ leased: true }]);
  });

  it('says when the next job is due by its own clock', async () => {
    expect(await store.nextDue(db, 'test')).toBe(Number.POSITIVE_INFINITY);
    await enqueue('card:1');
    const job = await claimOne();
    await db.tables.transaction((tx) => store.postpone(tx, job, { seconds: 30 }));
    expect(await store.nextDue(db, 'test')).toBeGreaterThan(0);
    await database.sql`update outbox set run_at = now() - interval '1 second'`;
    expect(await store.nextDue(db, 'test')).toBeLessThan(0);
  });
});

describe('dead letters', () => {
  it('are redriven by the thousand, batch by batch, each once and in their places, also where the first redrive is cut short', async () => {
    await database.sql`
      insert into outbox (queue, lane, priority, front, effect, dead_at, destination, cause)
      select 'test', 'notice:' || n % 5000, 0, false, jsonb_build_object('kind', 'notice', 'n', n), now(), 'direct', case n % 2 when 0 then 'user_not_found' else 'crashed' end
      from generate_series(1, 20000) n`;
    const began = performance.now();
    const first = await redrive(db, { cause: 'crashed' }, 0);
    expect(first).toEqual({ count: 500, after: expect.any(Number) });
    // The process that did it is gone; another begins again.
    expect(await redriveAll(db, { destination: 'direct', cause: 'crashed' })).toBe(9_500);
    expect(await redriveAll(db, { destination: 'C0' })).toBe(0);
    // A week of messages does not go before the users who act now.
    await enqueue('card:1');
    expect((await store.claim(db, 'test', { all: 1, others: 1 })).jobs).toMatchObject([{ lane: 'card:1' }]);
    const queued = await claim();
    expect(queued).toHaveLength(10);
    expect(queued.every(({ unsure }) => unsure)).toBe(true);
    expect(await database.sql`select count(*)::int from outbox where dead_at is not null`).toEqual([{ count: 10_000 }]);
    expect(await redriveAll(db, {})).toBe(10_000);
    // Promised for all of them; it takes two.
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

describe('a delivery', () => {
  const outbox = createOutbox();
  const log = { debug: () => {}, warn: () => {}, error: () => {} };
  const effect = { kind: 'home', person: 'U0DANA' } as const;
  const started: Worker[] = [];

  /** Starts two replicas that deliver what is in the outbox. */
  function delivers(deliver: Deliver) {
    for (const from of [db, other]) started.push(startDelivering(from, outbox, { deliver, log }));
    return db.tables.transaction((tx) => outbox.enqueue(tx, [effect]));
  }

  beforeAll(() => database.sql`create table written (by int)`);
  afterEach(async () => {
    for (const worker of started.splice(0)) await worker.stop(1_000);
    await database.sql`truncate written`;
  });

  const empty = () =>
    eventually('the outbox is empty', async () => (await database.sql`select from outbox`).length === 0);
  const write = (attempt: Attempt, by: number) =>
    attempt.write((fenced) =>
      fenced.tables.transaction((tx) => tx.execute(sql`insert into written values (${by}::int)`)),
    );

  it('writes nothing where its lease has gone to another worker', async () => {
    const first = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    let attempts = 0;
    await delivers(async (_, attempt) => {
      attempts += 1;
      if (attempts > 1) {
        await write(attempt, 2);
        return { status: 'delivered' };
      }
      await first.promise;
      await write(attempt, 1).then(late.resolve, late.resolve);
      return { status: 'delivered' };
    });
    await eventually('the first has begun', async () => attempts === 1);
    await endLeases();
    await empty();
    first.resolve();
    expect(await late.promise).toBeInstanceOf(store.LeaseLost);
    expect([...(await database.sql`select by from written`)]).toEqual([{ by: 2 }]);
  });

  it('is no one else’s while it writes, and its lease can be extended meanwhile', async () => {
    await enqueue('card:1');
    const job = await claimOne();
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const written = db.tables.transaction(async (tx) => {
      await store.keep(tx, job);
      begun.resolve();
      await finish.promise;
    });
    await begun.promise;
    expect(await store.heartbeat(other, job)).toBe(true);
    await endLeases();
    expect(await claim(other)).toEqual([]);
    finish.resolve();
    await written;
    expect(await claim(other)).toMatchObject([{ id: job.id, attempt: 2 }]);
  });

  it('that only waits for its turn is not failing, however long it has waited', async () => {
    let waits = 3;
    await delivers(async () => {
      waits -= 1;
      await database.sql`update outbox set give_up_at = now() - interval '1 day'`;
      return waits > 0 ? { status: 'postponed', seconds: 0 } : { status: 'delivered' };
    });
    await empty();
    expect(waits).toBe(0);
  });
});

describe('the worker', () => {
  const workers: Worker[] = [];
  const queues = [{ name: 'test', concurrency: 4, reserved: 1 }];
  const errors: { error: unknown; action: string }[] = [];
  const failed = (what: string) => errors.filter(({ action }) => action === what).length;

  function work(
    process: (job: Job, signal: AbortSignal) => Promise<void>,
    instead: Partial<Pick<Connection, 'tables' | 'listen'>> = {},
  ) {
    const worker = startWorker(
      { ...db, ...instead },
      {
        queues,
        process,
        onError: (error, action) => errors.push({ error, action }),
      },
    );
    workers.push(worker);
    return worker;
  }

  const empty = () =>
    eventually('the outbox is empty', async () => (await database.sql`select from outbox`).length === 0);

  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop(1_000);
    vi.useRealTimers();
    expect(errors.splice(0)).toEqual([]);
  });

  it('delivers what is enqueued, each once, on any number of replicas', async () => {
    const delivered: number[] = [];
    for (let replicas = 0; replicas < 3; replicas += 1) {
      work(async (job) => {
        delivered.push(job.id);
        await complete(job);
      });
    }
    const lanes = Array.from({ length: 50 }, (_, index) => `card:${index % 7}`);
    await Promise.all([enqueue(...lanes), enqueue(...lanes), ...lanes.map((lane) => enqueue(lane))]);
    await empty();
    expect(delivered).toHaveLength(150);
    expect(new Set(delivered)).toHaveLength(150);
  });

  it('is woken by NOTIFY and by a job that has ended, and does not have to wait for its next look', async () => {
    const own = connect(database.url);
    let hears = () => {};
    await own.listen(
      store.outboxChannel,
      () => hears(),
      () => {},
    );
    // All sessions of the pool are open: opening one takes a timer.
    const together = Promise.withResolvers<void>();
    let open = 0;
    const openOne = () =>
      own.tables.transaction(async (tx) => {
        await tx.execute(sql`select`);
        open += 1;
        if (open === 6) together.resolve();
        await together.promise;
      });
    await Promise.all(Array.from({ length: 6 }, openOne));
    // From here on no timer ends: no look comes by itself.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let looked = Promise.withResolvers<void>();
    const tables: Drizzle = Object.create(own.tables, {
      execute: {
        async value(query: SQL) {
          const rows = await own.tables.execute(query);
          if (rows[0]?.seconds === null) looked.resolve();
          return rows;
        },
      },
    });
    const delivered: string[] = [];
    const process = async (job: Job) => {
      await own.tables.transaction((tx) => store.complete(tx, job));
      delivered.push(job.lane);
    };
    const listen: Connection['listen'] = async (_, heard) => {
      hears = () => heard('');
    };
    const worker = work(process, { tables, listen });
    for (const lanes of [['card:1'], ['card:2'], ['card:3', 'card:3', 'card:4']]) {
      await looked.promise;
      looked = Promise.withResolvers();
      await enqueueBy(own, ...lanes);
    }
    await looked.promise;
    expect(delivered.toSorted()).toEqual(['card:1', 'card:2', 'card:3', 'card:3', 'card:4']);
    vi.useRealTimers();
    // It may be looking once more.
    await worker.stop(1_000);
    await own.close();
  });

  it('finds what is due also where the NOTIFY is lost', async () => {
    work(complete, { listen: async () => {} });
    for (let count = 0; count < 3; count += 1) {
      await enqueue('card:1');
      await empty();
    }
  });

  it('does not look at the clock of its process', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    let tries = 0;
    work(async (job) => {
      tries += 1;
      await db.tables.transaction((tx) => {
        if (tries === 1) return store.retry(tx, job, 0, undefined);
        if (tries === 2) return store.postpone(tx, job, { seconds: 0 });
        return store.complete(tx, job);
      });
    });
    await enqueue('card:1');
    await empty();
    expect(tries).toBe(3);
  });

  it.each([
    ['before it was delivered', async () => {}],
    ['after it was delivered', async (deliver: () => void) => deliver()],
    [
      'while its end was being written',
      async (deliver: () => void, job: Job) => {
        deliver();
        const died = new Error('the process died');
        await db.tables
          .transaction(async (tx) => {
            await store.complete(tx, job);
            throw died;
          })
          .catch((error) => {
            if (error !== died) throw error;
          });
      },
    ],
  ])('has a job again, and knows that it may have been delivered, where a process died %s', async (_, die) => {
    await enqueue('card:1', 'card:1');
    let deliveries = 0;
    const lost = await claimOne();
    await die(() => {
      deliveries += 1;
    }, lost);
    const seen: Pick<Job, 'id' | 'unsure' | 'crashed'>[] = [];
    work(async (job) => {
      seen.push({ id: job.id, unsure: job.unsure, crashed: job.crashed });
      await complete(job);
    });
    await endLeases();
    await empty();
    expect(seen.map(({ unsure, crashed }) => ({ unsure, crashed }))).toEqual([
      { unsure: true, crashed: true },
      { unsure: false, crashed: false },
    ]);
    expect(seen[0]?.id).toBe(lost.id);
    expect(deliveries).toBeLessThanOrEqual(1);
  });

  it('renews its lease while it works, and notices a lost one', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const begun = Promise.withResolvers<AbortSignal>();
    const finish = Promise.withResolvers<void>();
    work(async (job, signal) => {
      begun.resolve(signal);
      await finish.promise;
      await complete(job).catch(() => {});
    });
    await enqueue('card:1');
    const signal = await begun.promise;
    const [before] = await database.sql`select run_at from outbox`;
    vi.advanceTimersByTime(4_000);
    await eventually('the lease is longer', async () => {
      const [now] = await database.sql`select run_at from outbox`;
      return now?.run_at > before?.run_at;
    });
    expect(signal.aborted).toBe(false);
    await database.sql`update outbox set attempt = attempt + 1`;
    vi.advanceTimersByTime(4_000);
    await eventually('the handler hears of it', async () => signal.aborted);
    expect(signal.reason).toBeInstanceOf(store.LeaseLost);
    finish.resolve();
    await database.sql`delete from outbox`;
  });

  it('keeps slots for users, however much else hangs', async () => {
    const finish = Promise.withResolvers<void>();
    const begun: string[] = [];
    work(async (job) => {
      begun.push(job.lane);
      await finish.promise;
      await complete(job);
    });
    await enqueue(...Array.from({ length: 6 }, (_, index): [string, Priority] => [`bulk:${index}`, 'bulk']));
    await eventually('the other slots are taken', async () => begun.length >= 3);
    await enqueue('card:1');
    await eventually('the user is served', async () => begun.includes('card:1'));
    expect(begun).toHaveLength(4);
    finish.resolve();
    await empty();
  });

  it('aborts what it delivers once it could not renew the lease for as long as that is', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const begun = Promise.withResolvers<AbortSignal>();
    const finish = Promise.withResolvers<void>();
    let away = false;
    const tables: Drizzle = Object.create(db.tables, {
      update: {
        get() {
          if (away) throw new Error('away');
          return db.tables.update;
        },
      },
    });
    const process = async (_: Job, signal: AbortSignal) => {
      begun.resolve(signal);
      await finish.promise;
    };
    work(process, { tables });
    await enqueue('card:1');
    const signal = await begun.promise;
    away = true;
    await vi.advanceTimersByTimeAsync(7_000);
    await eventually('two heartbeats have failed', async () => failed('heartbeat') === 2);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(7_000);
    await eventually('it is aborted', async () => signal.aborted);
    expect(signal.reason).toBeInstanceOf(store.LeaseLost);
    finish.resolve();
    errors.splice(0);
  });

  it('finishes what it delivers before it stops, and takes nothing more', async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const worker = work(async (job) => {
      begun.resolve();
      await finish.promise;
      await complete(job);
    });
    await enqueue('card:1');
    await begun.promise;
    const stopped = worker.stop(10_000);
    await enqueue('card:2');
    finish.resolve();
    await stopped;
    expect(await database.sql`select lane, leased from outbox`).toEqual([{ lane: 'card:2', leased: false }]);
  });

  it('finishes what it is just claiming as well', async () => {
    await enqueue('card:1');
    const table = await hold(database, (tx) => tx`lock table outbox in exclusive mode`);
    const worker = work(complete);
    await waitForBlocked(database, 1);
    const stopped = worker.stop(10_000);
    await table.release();
    await stopped;
    expect(await database.sql`select lane, leased from outbox`).toEqual([]);
  });
});
