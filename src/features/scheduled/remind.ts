/** The reminders: at each tick of REMINDER_SCHEDULE, every channel is reminded of its pending requests that are due. */
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import type { WallClockTime } from '../../domain/schedule.ts';

/** Returns the function that serves a tick. It is idempotent, on any number of replicas. */
export function enqueueReminders({ config, db, schedule, log }: Pick<Deps, 'config' | 'db' | 'schedule' | 'log'>) {
  return async (reading: WallClockTime): Promise<void> => {
    const { REMIND_AFTER: remindAfter, ESCALATION_CHANNEL: escalationChannel } = config;
    const { adminChannel } = config.policy;
    const tick = { schedule: 'reminders', reading };
    const due = await reminders.claimReminders(db, tick, schedule.timeZone, {
      remindAfter,
      adminChannel,
      escalationChannel,
    });
    if (due > 0) log.info({ due }, 'requests are due for a reminder, reminders enqueued');
  };
}
