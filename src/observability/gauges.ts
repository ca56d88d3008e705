/** Gauges that are read from the database when Prometheus scrapes. */
import { Gauge, type Registry } from 'prom-client';
import { withTimeout } from '../async/timeout.ts';
import type { DatabaseMetrics } from '../db/metrics.ts';

/** How long values are cached, and how long a scrape waits for new ones, in milliseconds. */
const cacheTtl = 5_000;
const scrapeTimeout = 1_000;

/** How long a read may take before another one starts, in milliseconds: twice the database's own statement timeout. */
const readTimeout = 10_000;

/**
 * Registers the gauges. Returns a function that sets them before a scrape. It never rejects: without a database, only
 * `database_up` is there.
 */
export function createGauges(registry: Registry, collect: () => Promise<DatabaseMetrics> | undefined, now: () => Date) {
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `registrar_${name}`, help, labelNames, registers: [registry] });
  const up = gauge(
    'database_up',
    '1 where the database answered, else 0: then the gauges that are read from it are missing.',
  );
  const pending = gauge('pending_requests', 'Requests that are pending.');
  const oldest = gauge('oldest_pending_seconds', 'Age of the oldest pending request; 0 where there is none.');
  const jobs = gauge('outbox_jobs', 'Jobs to deliver, by queue and kind; at most 10000 are counted.', 'queue', 'kind');
  const lag = gauge('outbox_lag_seconds', 'How long the first due job is overdue.', 'queue', 'kind');
  const retrying = gauge('outbox_retrying_jobs', 'Jobs to deliver that have failed, and are retried.', 'queue', 'kind');
  const stalled = gauge('outbox_stalled_lanes', 'Lanes whose jobs no claim finds; there should be none.');
  const dead = gauge('dead_letters', 'Jobs that are no longer retried, by kind; at most 10000 are counted.', 'kind');
  const unknown = gauge(
    'unknown_ids',
    'Clicks and forms, in this hour and the last one, that name what is not in this database.',
  );
  const unsettled = gauge(
    'access_unsettled',
    'Groups that a gateway has not confirmed: on_its_way, or still_open that no registration backs.',
    'gateway',
    'state',
  );
  const failing = gauge('access_failing_seconds', 'How long the oldest of them has failed.', 'gateway');
  const connections = gauge(
    'database_connections',
    'Connections of all replicas: in use, idle, or waiting for a lock, by pool.',
    'pool',
    'state',
  );

  let latest: DatabaseMetrics | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let inFlight: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    if (performance.now() - readAt < cacheTtl) return;
    inFlight ??= read().finally(() => {
      inFlight = undefined;
    });
    if ((await withTimeout(scrapeTimeout, inFlight, 'late')) === 'late') latest = undefined;
  }

  /** Reads the values. An outage is not cached: the next scrape reads again. */
  async function read(): Promise<void> {
    try {
      latest = await withTimeout(readTimeout, Promise.resolve(collect()), undefined);
      if (latest) readAt = performance.now();
    } catch {
      latest = undefined;
    }
  }

  return async (): Promise<void> => {
    await refresh();
    for (const gauge of [pending, oldest, stalled, unknown]) gauge.remove();
    for (const gauge of [jobs, lag, retrying, dead, unsettled, failing, connections]) gauge.reset();
    up.set(latest ? 1 : 0);
    if (!latest) return;
    const secondsSince = (at: Date | null) => (at ? Math.max(0, now().getTime() - at.getTime()) / 1000 : 0);
    pending.set(latest.pending.count);
    oldest.set(secondsSince(latest.pending.oldest));
    stalled.set(latest.stalledLanes);
    unknown.set(latest.unknownIds);
    for (const { queue, kind, ...depth } of latest.outbox) {
      jobs.set({ queue, kind }, depth.jobs);
      lag.set({ queue, kind }, depth.lag);
      retrying.set({ queue, kind }, depth.retrying);
      dead.set({ kind }, depth.deadLetters);
    }
    for (const { gateway, onItsWay, stillOpen, failing: seconds } of latest.access) {
      unsettled.set({ gateway, state: 'on_its_way' }, onItsWay);
      unsettled.set({ gateway, state: 'still_open' }, stillOpen);
      failing.set({ gateway }, seconds);
    }
    for (const { pool, state, count } of latest.connections) connections.set({ pool, state }, count);
  };
}
