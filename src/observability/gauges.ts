/** What is read in the database when somebody scrapes: at most once in a while, and not for long. */
import { Gauge, type Registry } from 'prom-client';
import { withTimeout } from '../async/timeout.ts';
import type { DatabaseMetrics } from '../db/metrics.ts';

/** How long a reading is told again instead of a new one, and how long a scrape waits for one, in milliseconds. */
const keptFor = 5_000;
const readFor = 1_000;

/** No other reading is begun before: the database ends a statement after half of it, unless it cannot be reached at all. */
const givenUpAfter = 10_000;

export function createGauges(
  registry: Registry,
  readings: () => Promise<DatabaseMetrics> | undefined,
  now: () => Date,
) {
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `registrar_${name}`, help, labelNames, registers: [registry] });
  const up = gauge('database_up', 'Whether the database answered: where it is 0, what is read there is missing.');
  const pending = gauge('pending_requests', 'Requests that wait for a decision.');
  const oldest = gauge('oldest_pending_seconds', 'How long the oldest of them has waited; 0 where there is none.');
  const jobs = gauge('outbox_jobs', 'Deliveries to be made, by queue.', 'queue');
  const lag = gauge('outbox_lag_seconds', 'Since when the first of them should have left, by queue.', 'queue');
  const dead = gauge('dead_letters', 'Deliveries that were put aside, because no retry mends them.');
  const connections = gauge(
    'database_connections',
    "All replicas' connections: in use, idle, or waiting for a lock, by pool.",
    'pool',
    'state',
  );

  let known: DatabaseMetrics | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    if (performance.now() - readAt < keptFor) return;
    reading ??= readAnew().finally(() => {
      reading = undefined;
    });
    if ((await withTimeout(readFor, reading, 'late')) === 'late') known = undefined;
  }

  /** An outage is not remembered: who scrapes next asks again. */
  async function readAnew(): Promise<void> {
    try {
      known = await withTimeout(givenUpAfter, Promise.resolve(readings()), undefined);
      if (known) readAt = performance.now();
    } catch {
      known = undefined;
    }
  }

  return async (): Promise<void> => {
    await refresh();
    for (const one of [pending, oldest, dead]) one.remove();
    for (const one of [jobs, lag, connections]) one.reset();
    up.set(known ? 1 : 0);
    if (!known) return;
    const since = (moment: Date | null) => (moment ? Math.max(0, now().getTime() - moment.getTime()) / 1000 : 0);
    pending.set(known.pending.count);
    oldest.set(since(known.pending.oldest));
    dead.set(known.deadLetters);
    for (const { queue, jobs: count, due } of known.outbox) {
      jobs.set({ queue }, count);
      // The outbox keeps real time, also where `now` is a test's.
      lag.set({ queue }, due ? Math.max(0, Date.now() - due.getTime()) / 1000 : 0);
    }
    for (const { pool, state, count } of known.connections) connections.set({ pool, state }, count);
  };
}
