/** Handles "Remind me tomorrow" on a reminder: an approver snoozes a request until the first tick of the next working day. */
import type { App, BlockButtonAction } from '@slack/bolt';
import * as registrations from '../../db/registration/registrations.ts';
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import type { Refusal } from '../../domain/registration.ts';
import { nextWorkingDay } from '../../domain/schedule.ts';
import { respondToAction } from '../../slack/respond.ts';
import { readButton } from '../../views/button-value.ts';
import { snoozeButton } from '../../views/channel/reminder.ts';
import { refusalText } from '../../views/registration/refusals.ts';

export function snoozeReminder(app: App, { config, db, directory, schedule, now, log }: Deps): void {
  app.action<BlockButtonAction>(snoozeButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const refused = await execute(readButton(action.value)?.id, body.user.id);
    if (refused) await respondToAction({ client, body, respond }, refusalText(refused), log);
  });

  /** Snoozes a request. Slack is asked about the user before a lock is held. Returns why not, or null. */
  async function execute(id: number | undefined, by: string): Promise<Refusal | null> {
    const row = id === undefined ? undefined : await registrations.find(db, id);
    if (!row) return { kind: 'gone' };
    const { policy } = config;
    const memberships = await directory.memberships(by, membershipsToCheck(allowedApprovers(row.service, policy), by));
    const until = nextWorkingDay(schedule, now());
    return reminders.snooze(db, { id: row.registration.id, by, until, policy, memberships });
  }
}
