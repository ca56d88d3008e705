/** What time itself does: reminders and digests at their ticks, expiry, and whatever was missed while nothing ran. */
import { schedule } from 'node-cron';
import { registerSchedule } from '../db/scheduling/ticks.ts';
import type { Deps } from '../deps.ts';
import { previousTick, type Schedule, type WallClockTime } from '../domain/schedule.ts';
import { enqueueDigests } from '../features/scheduled/digest.ts';
import { expireRequests } from '../features/scheduled/expire.ts';
import { reconcile } from '../features/scheduled/reconcile.ts';
import { enqueueReminders } from '../features/scheduled/remind.ts';
import { parseCron } from './cron.ts';

export type Scheduler = {
  /** Does all that is due by now. */
  runDueJobs: () => Promise<void>;
  /** Finishes what runs, and begins nothing more. */
  stop: () => Promise<void>;
};

/** When cards are compared with what they should be, and how many milliseconds later at most: replicas need not be at once. */
export const reconcileSchedule = { at: '*/5 * * * *', jitter: 60_000 };

/**
 * Looks at the clock at each moment that a schedule names, and once a minute: what slept through a tick, was down, had
 * no database or was led past it by daylight saving so makes it up. Where `wallClock` is false it looks only when it is
 * asked to: for who brings a clock of their own.
 */
export function startScheduler(
  deps: Deps,
  {
    housekeeping = reconcileSchedule,
    wallClock = true,
  }: { housekeeping?: typeof reconcileSchedule; wallClock?: boolean },
): Scheduler {
  const { config, db, metrics, now, log } = deps;
  const { DIGEST_SCHEDULE: weekly, REMINDER_SCHEDULE: daily, TIME_ZONE: timezone } = config;
  const digests = weekly === undefined ? undefined : parseCron(weekly, timezone);
  const duties = [
    // What expires at a tick is not reminded of.
    metrics.cron('expiry', expireRequests(deps), log),
    metrics.cron('reminders', atTicks('reminders', deps.schedule, enqueueReminders(deps)), log),
    ...(digests ? [metrics.cron('digests', atTicks('digest', digests, enqueueDigests(deps, digests)), log)] : []),
  ];
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function all(): Promise<void> {
    next = undefined;
    for (const duty of duties) await duty(now());
  }

  /** One at a time; who asks while one runs gets the next, which is the same for all of them. */
  function beat(): Promise<void> {
    next ??= running.then(all);
    running = next;
    return next;
  }

  const quiet = { suppressMissedWarning: true };
  const keepHouse = metrics.cron('reconcile', reconcile(deps), log);
  const ticks = weekly === undefined ? [daily] : [daily, weekly];
  const reconcileAt = { maxRandomDelay: housekeeping.jitter, noOverlap: true };
  const tasks = wallClock
    ? [
        ...ticks.map((tick) => schedule(tick, beat, { ...quiet, timezone })),
        schedule('* * * * *', beat, quiet),
        schedule(housekeeping.at, ({ date }) => keepHouse(date), reconcileAt),
      ]
    : [];
  void beat();
  return {
    runDueJobs: beat,
    async stop() {
      for (const task of tasks) await task.destroy();
      await running;
    },
  };

  /**
   * The last tick that the schedule names up to a moment, unless it was served: however many of them were missed, one is
   * made up.
   */
  function atTicks(schedule: string, ticks: Schedule, serve: (reading: WallClockTime) => Promise<void>) {
    let served: number | undefined;
    return async (at: Date): Promise<void> => {
      const reading = previousTick(ticks, at);
      if (!reading || reading.getTime() <= (served ?? 0)) return;
      if (served === undefined) await registerSchedule(db.tables, { schedule, pattern: ticks.pattern, reading });
      await serve(reading);
      served = reading.getTime();
    };
  }
}
