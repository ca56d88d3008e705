/**
 * The worker: claims jobs as it has slots for them, delivers them next to each other, and writes down how each ended. One
 * claim of a queue is in flight at a time. It is woken by NOTIFY, by a job that has ended and by a timer for the next job
 * that is due; a poll is the backstop where a NOTIFY was lost.
 */
import type { Connection, Drizzle } from '../client.ts';
import * as store from './store.ts';

export type Queue = {
  name: string;
  /** How many of its jobs are delivered at the same time. */
  concurrency: number;
  /** How many slots are kept free for what follows a person's act. */
  reserved: number;
};

/** How often a queue is looked at without being woken, and how soon again after an error, in milliseconds. */
const pollInterval = 1_000;
/** How soon after a claim the next job that is due is looked for, in milliseconds. */
const shortPause = 100;
const heartbeatInterval = (store.leaseSeconds * 1000) / 3;

export type WorkerOptions = {
  queues: Queue[];
  /** Delivers a job and writes down how it ended; it logs its own errors. `signal` aborts when the lease is lost. */
  process: (job: store.Job, signal: AbortSignal) => Promise<void>;
  /** Hears of errors of the database; the worker goes on by itself. */
  onError: (error: unknown, action: string) => void;
};

export type Worker = {
  /** Claims no more, and waits for what is being delivered: for so many milliseconds at most. */
  stop(milliseconds: number): Promise<void>;
};

type Running = { job: store.Job; lease: AbortController; until: number; done: Promise<void> };

export function startWorker(
  db: { tables: Drizzle },
  { listen }: Pick<Connection, 'listen'>,
  { queues, process, onError }: WorkerOptions,
): Worker {
  const running = new Set<Running>();
  const stopping = new AbortController();
  const pumps = queues.map(createPump);
  const wakeAll = () => {
    for (const wake of pumps) wake();
  };
  listen(store.outboxChannel, wakeAll, wakeAll).catch((error) => onError(error, 'LISTEN'));
  wakeAll();
  const heart = setInterval(sendHeartbeats, heartbeatInterval);

  return {
    async stop(milliseconds) {
      stopping.abort();
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, milliseconds);
      await Promise.race([late, Promise.all([...running].map(({ done }) => done))]);
      clearTimeout(timer);
      clearInterval(heart);
      for (const { lease } of running) lease.abort();
    },
  };

  /** Claims for one queue; the function that is returned wakes it. */
  function createPump({ name, concurrency, reserved }: Queue): () => void {
    let busy = 0;
    let claiming = false;
    let woken = false;
    let timer: NodeJS.Timeout | undefined;

    function wake(): void {
      woken = true;
      if (!claiming && !stopping.signal.aborted) void claim();
    }

    /** Claims for as long as there are jobs and slots for them. */
    async function claim(): Promise<void> {
      claiming = true;
      clearTimeout(timer);
      let pause = shortPause;
      try {
        while (woken && busy < concurrency && !stopping.signal.aborted) {
          woken = false;
          const free = concurrency - busy;
          const { jobs, again } = await store.claim(db, name, { all: free, others: Math.max(0, free - reserved) });
          for (const job of jobs) start(job);
          woken ||= again;
        }
      } catch (error) {
        onError(error, 'claim');
        pause = pollInterval;
      }
      claiming = false;
      rest(pause);
    }

    function rest(milliseconds: number): void {
      clearTimeout(timer);
      if (!stopping.signal.aborted) timer = setTimeout(look, milliseconds);
    }

    /** Looks before it claims: a look costs less than a claim, and mostly finds nothing. */
    async function look(): Promise<void> {
      // Where the database does not answer, the claim reports it.
      const due = (await store.nextDue(db, name).catch(() => 0)) ?? Number.POSITIVE_INFINITY;
      if (due <= 0) wake();
      else if (!claiming) rest(Math.min(pollInterval, due * 1000));
    }

    function start(job: store.Job): void {
      busy += 1;
      const lease = new AbortController();
      const done = process(job, lease.signal).finally(() => {
        running.delete(one);
        busy -= 1;
        wake();
      });
      const one = { job, lease, until: performance.now() + store.leaseSeconds * 1000, done };
      running.add(one);
    }

    return wake;
  }

  /** Extends the leases. Leases that could not be extended in time are lost: their handlers are aborted. */
  async function sendHeartbeats(): Promise<void> {
    const held = [...running].filter(({ lease }) => !lease.signal.aborted);
    if (held.length === 0) return;
    const sent = performance.now();
    try {
      const kept = new Set(
        await store.heartbeat(
          db,
          held.map(({ job }) => job),
        ),
      );
      for (const one of held) {
        if (kept.has(one.job)) one.until = sent + store.leaseSeconds * 1000;
        // What has just ended is no longer held either.
        else if (running.has(one)) one.lease.abort(new store.LeaseLost(one.job));
      }
    } catch (error) {
      onError(error, 'heartbeat');
    }
    for (const { job, lease, until } of running) {
      if (performance.now() > until) lease.abort(new store.LeaseLost(job));
    }
  }
}
