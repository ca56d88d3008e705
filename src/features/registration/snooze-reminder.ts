/** Handles "Snooze until tomorrow" on a reminder: an approver snoozes a request until the first tick of the next working day. */
import type { App, BlockAction, BlockButtonAction } from '@slack/bolt';
import * as registrations from '../../db/registration/registrations.ts';
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import type { NumberedReference, Reference } from '../../domain/reference.ts';
import type { Refusal } from '../../domain/registration.ts';
import { nextWorkingDay } from '../../domain/schedule.ts';
import { messageOf } from '../../slack/respond.ts';
import { readButton } from '../../views/button-value.ts';
import { snoozeButton } from '../../views/channel/reminder.ts';
import { respondToRefusal } from '../shared/respond-to-refusal.ts';

export function snoozeReminder(app: App, { config, db, directory, schedule, now, log }: Deps): void {
  app.action<BlockButtonAction>(snoozeButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const { refused, row } = await execute(body, readButton(action.value));
    if (refused) await respondToRefusal({ client, body, respond }, refused, row, { directory, log });
  });

  /** Snoozes a request. Slack is asked about the user before a lock is held. Returns why not, or null. */
  async function execute(
    body: BlockAction,
    reference: Reference | NumberedReference | undefined,
  ): Promise<{ refused: Refusal | null; row?: registrations.FoundRegistration }> {
    const by = body.user.id;
    const row = await registrations.resolve(db, reference, messageOf(body));
    if (!row) return { refused: { kind: 'gone' } };
    const { policy } = config;
    const memberships = await directory.memberships(by, membershipsToCheck(allowedApprovers(row.service, policy), by));
    const until = nextWorkingDay(schedule, now());
    return { refused: await reminders.snooze(db, { id: row.registration.id, by, until, policy, memberships }), row };
  }
}
