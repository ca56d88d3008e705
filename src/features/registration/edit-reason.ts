/** Handles Edit reason in Home: the requester changes the reason of a pending request, and the card shows that they did. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import * as registrations from '../../db/registration/registrations.ts';
import * as transitions from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import type { Reference } from '../../domain/reference.ts';
import { ackSubmission, openModal, respondToAction, type SubmissionResult } from '../../slack/respond.ts';
import { reasonError } from '../../views/blocks.ts';
import { readReference } from '../../views/button-value.ts';
import { editReasonMenu } from '../../views/home/applications.ts';
import { editModal, editModalId, notEdited } from '../../views/registration/forms/edit-reason-modal.ts';
import { readReason } from '../../views/registration/forms/reason-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

export function editReason(app: App, { config, db, directory, now, log }: Deps): void {
  app.action<BlockOverflowAction | BlockButtonAction>(
    editReasonMenu,
    async ({ ack, action, body, client, respond }) => {
      await ack();
      const interaction = { client, body, respond };
      // In a Home of an earlier version it is a button.
      const seen = readReference(action.type === 'button' ? action.value : action.selected_option.value);
      const row = await registrations.resolve(db, seen);
      if (!seen || !row) return respondToAction(interaction, refusalText({ kind: 'gone' }), log);
      const previewed = await transitions.preview(db, await buildCommand(row, seen, body.user.id));
      if (!previewed.ok) return respondToAction(interaction, refusalText(previewed.refusal), log);
      await openModal(interaction, editModal(seen, registrations.namesOf(row), row.registration.reason), log);
    },
  );

  app.view<ViewSubmitAction>(editModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, body, view }, submitted(body.user.id, view), log);
  });

  async function submitted(
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const { pressed: seen, reason } = readReason(view);
    if (!reason) return { errors: { reason: reasonError } };
    const row = await registrations.resolve(db, seen);
    if (!seen || !row) return { view: notEdited(refusalText({ kind: 'gone' })) };
    if (reason === row.registration.reason) return 'close';
    const outcome = await transitions.apply(db, { ...(await buildCommand(row, seen, person)), reason });
    return outcome.ok ? 'close' : { view: notEdited(refusalText(outcome.refusal)) };
  }

  async function buildCommand({ registration }: registrations.FoundRegistration, { seen }: Reference, by: string) {
    const memberships = await directory.memberships(by, []);
    const { id } = registration;
    return { id, seen, action: 'edit' as const, by, at: now(), policy: config.policy, memberships };
  }
}
