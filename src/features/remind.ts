/** The clock: at each tick of REMINDER_SCHEDULE, every channel hears of its requests that nobody has answered. */
import * as reminders from '../db/reminders.ts';
import type { Deps } from '../deps.ts';
import { lastTick } from '../domain/schedule.ts';

/**
 * Returns what serves the last tick that the schedule names up to a moment, unless it has been served: called at a tick or
 * after it, by any number of replicas, however often. What all of them missed is so made up, once.
 */
export function remind({ config, db, schedule, log }: Pick<Deps, 'config' | 'db' | 'schedule' | 'log'>) {
  const { REMIND_AFTER: remindAfter, ADMIN_CHANNEL: adminChannel, ESCALATION_CHANNEL: escalationChannel } = config;
  let served = 0;

  return async (at: Date): Promise<void> => {
    const reading = lastTick(schedule, at);
    if (!reading || reading.getTime() <= served) return;
    const { timeZone } = schedule;
    const due = await reminders.claim(db, { reading, timeZone, remindAfter, adminChannel, escalationChannel });
    served = reading.getTime();
    if (due > 0) log.info({ due }, 'requests are due for a reminder');
  };
}
