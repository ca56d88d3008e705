/** The clock: cron expressions become ticks. What slept, or was down, makes up what it missed, once. */
import { schedule } from 'node-cron';
import type { Db } from './db/client.ts';
import { remember, type Tick } from './db/ticks.ts';
import type { Log } from './log.ts';

type Setting = { name: string; expression: string; timezone: string };

/**
 * Calls `handle` at each moment of a cron expression, on every replica: whether it is theirs, `ticks.take` says. Where a
 * moment went by while no replica ran, it is called at once, for now. Returns what stops it.
 */
export async function onSchedule(
  { name, expression, timezone }: Setting,
  handle: (tick: Tick) => Promise<void>,
  db: Db,
  log: Log,
): Promise<() => void> {
  const pattern = `${expression} ${timezone}`;
  // `missed` is a tick that the process slept through. The cron library then goes on with the next one.
  const task = schedule(expression, ({ date }) => tick(date), { timezone });
  task.on('execution:missed', ({ date }) => tick(date));

  async function tick(at: Date): Promise<void> {
    await handle({ schedule: name, pattern, at, next: after(at) });
  }

  /** A timer may be early by a hair: the next moment is then still this one. */
  function after(at: Date): Date {
    const next = task.getNextRuns(2).find((date) => date > at);
    if (!next) throw new Error(`the schedule ${expression} has no next moment`);
    return next;
  }

  const now = new Date();
  try {
    const due = await remember(db, { schedule: name, pattern }, after(now));
    if (due <= now) await tick(now);
  } catch (error) {
    log.error({ err: error, schedule: name }, 'a schedule could not be looked up: what it missed is not made up');
  }
  return () => task.destroy();
}
