/** Runs the scheduled jobs: expiry, reminders and digests at their ticks, also missed ones, and reconciliation. */
import { schedule } from 'node-cron';
import { raiseAlarms } from '../db/access/alarms.ts';
import { registerSchedule } from '../db/scheduling/ticks.ts';
import type { Deps } from '../deps.ts';
import { previousTick, type Schedule, type WallClockTime } from '../domain/schedule.ts';
import { comparePolicy } from '../features/scheduled/compare-policy.ts';
import { enqueueDigests } from '../features/scheduled/digest.ts';
import { expireRequests } from '../features/scheduled/expire.ts';
import { reconcile } from '../features/scheduled/reconcile.ts';
import { enqueueReminders } from '../features/scheduled/remind.ts';
import { watchUnknownIds } from '../features/scheduled/watch-unknown-ids.ts';
import { parseCron } from './cron.ts';

export type Scheduler = {
  /** Runs what is due by now. */
  runDueJobs: () => Promise<void>;
  /** Starts nothing new, and waits for the run in progress. */
  stop: () => Promise<void>;
};

/** When reconciliation runs, and its jitter in milliseconds, which keeps replicas from running at once. */
export const reconcileSchedule = { at: '*/5 * * * *', jitter: 60_000 };

/**
 * Starts the timers. Due jobs are run at each tick of a schedule, and once a minute: that makes up for a tick that was missed
 * because the process slept, was down, had no database, or because daylight saving skipped it. Without `wallClock` there are
 * no timers, and only `runDueJobs` runs them: for callers with a clock of their own.
 */
export function startScheduler(
  deps: Deps,
  {
    reconciliation = reconcileSchedule,
    wallClock = true,
  }: { reconciliation?: typeof reconcileSchedule; wallClock?: boolean },
): Scheduler {
  const { config, db, metrics, now, log } = deps;
  const { DIGEST_SCHEDULE: weekly, REMINDER_SCHEDULE: daily, TIME_ZONE: timezone } = config;
  const digests = weekly === undefined ? undefined : parseCron(weekly, timezone);
  const jobs = [
    // Expiry comes first: a request that expires at a tick gets no reminder.
    metrics.cron('expiry', expireRequests(deps), log),
    metrics.cron('policy', comparePolicy(deps), log),
    metrics.cron('unknown-ids', watchUnknownIds(deps), log),
    metrics.cron('access-alarms', (at) => raiseAlarms(db, at), log),
    metrics.cron('reminders', oncePerTick('reminders', deps.schedule, enqueueReminders(deps)), log),
    ...(digests ? [metrics.cron('digests', oncePerTick('digest', digests, enqueueDigests(deps, digests)), log)] : []),
  ];
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    next = undefined;
    for (const job of jobs) await job(now());
  }

  /** Runs the jobs, one run at a time. All calls during a run share the next one. */
  function runDueJobs(): Promise<void> {
    next ??= running.then(runAll);
    running = next;
    return next;
  }

  const options = { suppressMissedWarning: true };
  const runReconcile = metrics.cron('reconcile', reconcile(deps), log);
  const ticks = weekly === undefined ? [daily] : [daily, weekly];
  const reconcileAt = { maxRandomDelay: reconciliation.jitter, noOverlap: true };
  const tasks = wallClock
    ? [
        ...ticks.map((tick) => schedule(tick, runDueJobs, { ...options, timezone })),
        schedule('* * * * *', runDueJobs, options),
        schedule(reconciliation.at, ({ date }) => runReconcile(date), reconcileAt),
      ]
    : [];
  void runDueJobs();
  return {
    runDueJobs,
    async stop() {
      for (const task of tasks) await task.destroy();
      await running;
    },
  };

  /** Wraps a job so that it runs once for the last tick up to a time. Of several missed ticks, only the last is run. */
  function oncePerTick(name: string, schedule: Schedule, run: (tick: WallClockTime) => Promise<void>) {
    let lastRun: number | undefined;
    return async (at: Date): Promise<void> => {
      const tick = previousTick(schedule, at);
      if (!tick || tick.getTime() <= (lastRun ?? 0)) return;
      if (lastRun === undefined)
        await registerSchedule(db.tables, { schedule: name, pattern: schedule.pattern, reading: tick });
      await run(tick);
      lastRun = tick.getTime();
    };
  }
}
