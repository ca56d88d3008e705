/** `/metrics`, for Prometheus: what this bot counts, and what it reads in the database when it is asked. */
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

/** A minute to two weeks, in seconds. */
const decisionTimes = [60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600, 86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400];

/** Event loop, memory and so on are the process's, however many bots run in it: they are measured once. */
let ofProcess: Registry | undefined;

/**
 * One bot's own. `readings` gives what the database holds, or nothing where it is away: then the rest is told all the
 * same. No label has a value that people can make up, so that the number of series stays bounded.
 */
export function createMetrics(readings: () => Promise<DatabaseMetrics> | undefined, now: () => Date) {
  const registry = new Registry();
  const registers = [registry];
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  const process = ofProcess;

  new Gauge({
    name: 'registrar_build_info',
    help: 'Always 1; says which version runs.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const decisions = new Histogram({
    name: 'registrar_decision_seconds',
    help: 'From the request to its approval or rejection by a person.',
    labelNames: ['decision'],
    buckets: decisionTimes,
    registers,
  });
  const crons = new Counter({
    name: 'registrar_cron_runs_total',
    help: 'What the clock starts, and how it ended.',
    labelNames: ['cron', 'result'],
    registers,
  });
  const refresh = createGauges(registry, readings, now);

  return {
    /** For the clients of Slack's: counts their calls, and what they post. */
    fetch: instrumentFetch(registry),
    /** Has the time measured until each payload of Slack's is answered. */
    instrumentAcks: instrumentAcks(registry),
    /** Somebody decided a request that was pending. */
    decided(decision: 'approve' | 'reject', requestedAt: Date, at: Date): void {
      decisions.observe({ decision }, Math.max(0, at.getTime() - requestedAt.getTime()) / 1000);
    },
    /** What the clock starts. A run that fails is logged here, and ends nothing. */
    cron<Moment>(name: string, work: (moment: Moment) => Promise<void>, log: Log): (moment: Moment) => Promise<void> {
      return async (moment) => {
        try {
          await work(moment);
          crons.inc({ cron: name, result: 'ok' });
        } catch (error) {
          crons.inc({ cron: name, result: 'failed' });
          log.error({ err: error, cron: name }, 'a run of the clock failed; what it left is done at the next');
        }
      };
    },
    /** All of it, as Prometheus reads it. Never fails, and never takes long. */
    async text(): Promise<string> {
      await refresh();
      return (await registry.metrics()) + (await process.metrics());
    },
  };
}
