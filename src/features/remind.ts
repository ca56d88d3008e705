/** The clock: at each tick of REMINDER_SCHEDULE, every channel hears of its requests that nobody has answered. */
import * as reminders from '../db/reminders.ts';
import type { Deps } from '../deps.ts';

/** Returns what is to be called at each tick, with the moment that the schedule names. */
export function remind({ config, db, log }: Deps): (tick: Date) => Promise<void> {
  return async (at) => {
    const { REMIND_AFTER: remindAfter, ADMIN_CHANNEL: adminChannel } = config;
    // What is due stays due: where this fails, the next tick claims it.
    const due = await reminders.claim(db, { at, remindAfter, adminChannel });
    if (due > 0) log.info({ due }, 'requests are due for a reminder');
  };
}
