/**
 * The worker: claims jobs as it has slots for them, and has them delivered next to each other. One claim of a queue is in
 * flight at a time. It is woken by NOTIFY, by a job that has ended and by a timer for the next job that is due; a poll is the
 * backstop where a NOTIFY was lost.
 */
import { withTimeout } from '../../async/timeout.ts';
import type { Connection } from '../client.ts';
import * as store from './store.ts';
import type { Job } from './types.ts';

export type Queue = {
  name: string;
  /** How many of its jobs are delivered at the same time. */
  concurrency: number;
  /** How many slots are kept free for what follows a person's act. */
  reserved: number;
};

export type WorkerOptions = {
  queues: Queue[];
  /** Delivers a job and writes down how it ended; it logs its own errors. `signal` aborts when the lease is lost. */
  process: (job: Job, signal: AbortSignal) => Promise<void>;
  /** Hears of errors of the database; the worker goes on by itself. */
  onError: (error: unknown, action: string) => void;
};

export type Worker = {
  /** Claims no more, and waits for what is being delivered: for so many milliseconds at most. */
  stop(milliseconds: number): Promise<void>;
};

/** How often a queue is looked at without being woken, and how soon again after a claim, in milliseconds. */
const pollInterval = 1_000;
const shortPause = 100;

const lease = store.leaseSeconds * 1_000;

export function startWorker(
  db: Pick<Connection, 'tables' | 'listen'>,
  { queues, process, onError }: WorkerOptions,
): Worker {
  /** What is being delivered, and how each is cut off. */
  const running = new Map<Promise<void>, () => void>();
  let stopping = false;
  const serving = queues.map(serve);
  const wakeAll = () => {
    for (const { wake } of serving) wake();
  };
  db.listen(store.outboxChannel, wakeAll, wakeAll).catch((error) => onError(error, 'LISTEN'));

  return {
    async stop(milliseconds) {
      stopping = true;
      wakeAll();
      await withTimeout(milliseconds, lastDelivery(), undefined);
      for (const cutOff of running.values()) cutOff();
    },
  };

  /** Waits for the claims in flight, and then for what is being delivered. */
  async function lastDelivery(): Promise<void> {
    await Promise.all(serving.map(({ ended }) => ended));
    await Promise.all(running.keys());
  }

  /** Claims for a queue, as it has slots, until the worker stops. Returns what wakes it. */
  function serve({ name, concurrency, reserved }: Queue): { wake: () => void; ended: Promise<void> } {
    let busy = 0;
    let wake = () => {};
    return { ended: keepClaiming(), wake: () => wake() };

    async function keepClaiming(): Promise<void> {
      while (!stopping) {
        const woken = Promise.withResolvers<void>();
        // Before the claim: whatever wakes it meanwhile has it claim again.
        wake = woken.resolve;
        const timer = setTimeout(wake, await claim(concurrency - busy));
        await woken.promise;
        clearTimeout(timer);
      }
    }

    /** Claims what is due and there are slots for. Returns in how many milliseconds to do so again. */
    async function claim(free: number): Promise<number> {
      if (free === 0) return pollInterval;
      try {
        // A look costs less than a claim, and often finds nothing.
        const due = await store.nextDue(db, name);
        if (due > 0) return Math.min(pollInterval, due * 1_000);
        const { jobs, again } = await store.claim(db, name, { all: free, others: Math.max(0, free - reserved) });
        for (const job of jobs) start(job);
        return again ? 0 : shortPause;
      } catch (error) {
        onError(error, 'claim');
        return pollInterval;
      }
    }

    function start(job: Job): void {
      const aborting = new AbortController();
      const stopHeartbeat = keepLease(job, aborting);
      const done = process(job, aborting.signal).finally(() => {
        stopHeartbeat();
        running.delete(done);
        busy -= 1;
        wake();
      });
      running.set(done, () => aborting.abort(new store.LeaseLost(job)));
      busy += 1;
    }
  }

  /** Extends the lease of a job again and again. One that could not be extended in time is lost: its handler is aborted. */
  function keepLease(job: Job, aborting: AbortController): () => void {
    let until = performance.now() + lease;
    const heart = setInterval(async () => {
      if (aborting.signal.aborted) return;
      const sent = performance.now();
      try {
        until = (await store.heartbeat(db, job)) ? sent + lease : 0;
      } catch (error) {
        onError(error, 'heartbeat');
      }
      if (performance.now() > until) aborting.abort(new store.LeaseLost(job));
    }, lease / 3);
    return () => clearInterval(heart);
  }
}
