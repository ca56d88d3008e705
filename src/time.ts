/** What time itself does: reminders at their ticks, expiry, and whatever was missed while nothing ran. */
import { schedule } from 'node-cron';
import type { Deps } from './deps.ts';
import { expire } from './features/expire.ts';
import { remind } from './features/remind.ts';

export type Timekeeper = {
  /** Does all that is due by now. */
  beat: () => Promise<void>;
  /** Finishes what runs, and begins nothing more. */
  stop: () => Promise<void>;
};

/**
 * Looks at the clock at each moment that the schedule names, and once a minute: what slept through a tick, was down, had
 * no database or was led past it by daylight saving so makes it up.
 */
export function keepTime(deps: Deps): Timekeeper {
  const { config, metrics, now, log } = deps;
  // What expires at a tick is not reminded of.
  const duties = [metrics.cron('expiry', expire(deps), log), metrics.cron('reminders', remind(deps), log)];
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
  const tasks = [
    schedule(config.REMINDER_SCHEDULE, beat, { ...quiet, timezone: config.TIME_ZONE }),
    schedule('* * * * *', beat, quiet),
  ];
  void beat();
  return {
    beat,
    async stop() {
      for (const task of tasks) await task.destroy();
      await running;
    },
  };
}
