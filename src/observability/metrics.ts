/** The metrics for Prometheus: what this process counts, and gauges that are read from the database at each scrape. */
import { readFileSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DatabaseMetrics } from '../db/metrics.ts';
import { instrumentAcks } from '../slack/ack-metrics.ts';
import { instrumentFetch } from '../slack/call-metrics.ts';
import { createGauges } from './gauges.ts';
import type { Log } from './log.ts';

export type Metrics = ReturnType<typeof createMetrics>;

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** From a minute to two weeks, in seconds. */
const decisionBuckets = [60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600, 86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400];

/** Event loop, memory and so on: registered once in a process, however many bots run in it. */
let processRegistry: Registry | undefined;

/**
 * Creates the metrics of one bot. `collect` reads the database, or returns undefined before there is one: the other metrics
 * do not need it. No label takes a value that users choose, which bounds the number of series.
 */
export function createMetrics(collect: () => Promise<DatabaseMetrics> | undefined, now: () => Date) {
  const registry = new Registry();
  const registers = [registry];
  if (!processRegistry) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  const process = processRegistry;

  new Gauge({
    name: 'registrar_build_info',
    help: 'Always 1, with the version as a label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const decisions = new Histogram({
    name: 'registrar_decision_seconds',
    help: 'Time from a request to its approval or rejection by an approver.',
    labelNames: ['decision'],
    buckets: decisionBuckets,
    registers,
  });
  const cronRuns = new Counter({
    name: 'registrar_cron_runs_total',
    help: 'Runs of scheduled jobs, by job and result.',
    labelNames: ['cron', 'result'],
    registers,
  });
  const socketModeConnections = new Gauge({
    name: 'registrar_socket_mode_connections',
    help: 'Socket Mode connections of the app, of all replicas, as Slack last counted them; 0 in HTTP mode.',
    registers,
  });
  const reconciled = new Gauge({
    name: 'registrar_access_reconciled',
    help: 'What the last comparison with a gateway found: forgotten looks, differing applications, unknown consumers, lost keys.',
    labelNames: ['gateway', 'found'],
    registers,
  });
  const policyOutdated = new Gauge({
    name: 'registrar_policy_outdated',
    help: '1 where a replica has started since with other settings on who decides, else 0.',
    registers,
  });
  const refresh = createGauges(registry, collect, now);

  return {
    /** Makes a `fetch` for the Web API clients that counts their calls and posts. */
    fetch: instrumentFetch(registry),
    /** Times the acks of an app. */
    instrumentAcks: instrumentAcks(registry),
    /** Keeps how many Socket Mode connections Slack counts. */
    socketModeConnections: (count: number): void => socketModeConnections.set(count),
    /** Keeps whether the settings on who decides are out of date here. */
    policyOutdated: (outdated: boolean): void => policyOutdated.set(outdated ? 1 : 0),
    /** Records the decision of a pending request. */
    decided(decision: 'approve' | 'reject', requestedAt: Date, at: Date): void {
      decisions.observe({ decision }, Math.max(0, at.getTime() - requestedAt.getTime()) / 1000);
    },
    /** Records what a comparison of a gateway with the registrations found. */
    accessReconciled(
      gateway: string,
      found: { forgotten: number; differing: number; unknown: number; lostKeys: number },
    ): void {
      reconciled.set({ gateway, found: 'forgotten' }, found.forgotten);
      reconciled.set({ gateway, found: 'differing' }, found.differing);
      reconciled.set({ gateway, found: 'unknown' }, found.unknown);
      reconciled.set({ gateway, found: 'lost_keys' }, found.lostKeys);
    },
    /** Wraps a scheduled job: counts its runs, and logs a failure instead of passing it on. */
    cron(name: string, work: (at: Date) => Promise<void>, log: Log): (at: Date) => Promise<void> {
      return async (at) => {
        try {
          await work(at);
          cronRuns.inc({ cron: name, result: 'ok' });
        } catch (error) {
          cronRuns.inc({ cron: name, result: 'failed' });
          log.error({ err: error, cron: name }, 'scheduled job failed, will retry at its next run');
        }
      };
    },
    /** Returns all metrics in Prometheus's text format, within about a second, also where the database is away. */
    async text(): Promise<string> {
      await refresh();
      return (await registry.metrics()) + (await process.metrics());
    },
  };
}
