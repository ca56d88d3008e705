/**
 * The outbox: effects are jobs in pg-boss, inserted in the transaction of the change that causes them, so that nothing
 * is said that did not happen and nothing that happened goes unsaid.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobResult, PgBoss } from 'pg-boss';
import { settle } from './complete.ts';
import * as troubles from './incidents.ts';
import { deadLetters, type Job, mailQueue, mainQueue, queueOf, standingOf } from './jobs.ts';
import { economise } from './pg-boss-patches.ts';
import type { Enqueue, Outbox } from './types.ts';

/**
 * How many workers a queue has in one process, and how many jobs each takes at a time and delivers beside each other: a look
 * for a job costs what waits, so that a worker takes several. Letters are taken one by one, for a mail server may keep one
 * for minutes.
 */
const atOnce = { workers: 4, jobs: 3, letters: 1 };
/**
 * A statement that hangs is given up, and a session that was opened while nothing could be written does not stay for ever
 * (maxLifetimeSeconds is the driver's, which pg-boss hands on). A connection that hangs pg-boss gives up itself, after 10 s.
 */
const limits = {
  options: '-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000',
  maxLifetimeSeconds: 60,
};

/**
 * `onError` hears of trouble inside pg-boss, which mends itself; it must be listened to or the process ends. Where there
 * is no mail server, `mail` is false: letters are then neither kept, which would cost each decision a statement, nor
 * delivered by this replica.
 */
export function createOutbox(url: string, onError: (error: Error) => void, { mail = false } = {}): Outbox {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'registrar-outbox',
    max: 2,
    ...limits,
    useListenNotify: true,
    schedule: false,
    // A worker that died is noticed by its missing heartbeat when the queue is next looked after.
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  });
  boss.on('error', onError);
  economise(boss, wakeOne);
  const workers: { name: string; id: string; busy: boolean }[] = [];

  const enqueue: Enqueue = async (tx, effects) => {
    const wanted = effects.filter(({ kind }) => mail || kind !== 'mail');
    for (const [name, some] of Map.groupBy(wanted, ({ kind }) => queueOf(kind))) {
      const jobs = some.map((effect) => ({ data: effect, ...standingOf(effect) }));
      await boss.insert(name, jobs, { db: fromDrizzle(tx, sql) });
    }
  };

  return {
    enqueue,

    async start() {
      await boss.start();
      await boss.createQueue(deadLetters, { retentionSeconds: days(365) });
      for (const name of [mainQueue, mailQueue]) {
        await boss.createQueue(name, {
          policy: 'key_strict_fifo',
          notify: true,
          deadLetter: deadLetters,
          // 1, 2, 4 … 300 seconds with jitter, for about a week: a job that has failed for good holds back its key.
          retryLimit: 2_000,
          retryDelay: 1,
          retryBackoff: true,
          retryDelayMax: 300,
          heartbeatSeconds: 10,
          expireInSeconds: 60,
          retentionSeconds: days(30),
          deleteAfterSeconds: days(1),
        });
      }
    },

    async work(tables, deliver) {
      // A retry becomes due without a NOTIFY; the poll is what finds it. One of the workers looks each second: with all of
      // them doing so, an idle bot would ask the database twelve times a second.
      const options = (name: string, count: number) =>
        ({
          includeMetadata: true,
          perJobResults: true,
          batchSize: name === mailQueue ? atOnce.letters : atOnce.jobs,
          pollingIntervalSeconds: 1,
          notifyPollingIntervalSeconds: count === 0 ? 1 : 10,
        }) as const;
      const ended = settle(boss, tables, deliver, enqueue, wake);
      for (const name of mail ? [mainQueue, mailQueue] : [mainQueue]) {
        for (let count = 0; count < atOnce.workers; count += 1) {
          const worker = { name, id: '', busy: false };
          workers.push(worker);
          const taken = options(name, count);
          worker.id = await boss.work<Job, unknown, ReturnType<typeof options>>(name, taken, async (jobs) => {
            worker.busy = true;
            // There may be more than it took, or something has come since it looked.
            wakeOne(name);
            const alone = jobs.length === 1;
            try {
              return await Promise.all(jobs.map((job) => ended(job, { alone }).catch((error) => failed(job, error))));
            } finally {
              worker.busy = false;
              // Or it would look for its next job only when it is notified, or at the next poll.
              boss.notifyWorker(worker.id);
            }
          });
        }
      }
    },

    async mend(tx, place) {
      await troubles.mend(tx, boss, { place });
    },

    redrive: (tx, which) => troubles.redrive(tx, boss, which),

    async stop(seconds) {
      await boss.stop({ graceful: true, timeout: seconds * 1000, close: true });
    },
  };

  /** Has a worker look for what is due in so many seconds; a poll finds it too, but up to a second later. */
  function wake(name: string, seconds: number): void {
    setTimeout(() => wakeOne(name), seconds * 1000 + promptly).unref();
  }

  /** Has one worker look for a job: one that is free, for a busy one looks anyway when it is done. */
  function wakeOne(name: string): void {
    const free = workers.find((worker) => worker.name === name && !worker.busy);
    if (free) boss.notifyWorker(free.id);
  }
}

/** It is tried again, and it alone: what was taken beside it has an end of its own. */
const failed = ({ id }: { id: string }, error: unknown): JobResult => ({
  id,
  status: 'failed',
  output: { message: String(error) },
});

/** How long after its moment a job that was put off is looked for, in milliseconds: the database's clock is another one. */
const promptly = 10;

const days = (count: number): number => count * 24 * 60 * 60;
