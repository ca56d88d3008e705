/** Handles Edit reason in Home: the requester changes the reason of a pending request, and the card shows that they did. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import * as registrations from '../../db/registration/registrations.ts';
import * as transitions from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import { ackSubmission, openModal, respondToAction, type SubmissionResult } from '../../slack/respond.ts';
import { reasonError } from '../../views/blocks.ts';
import { type ButtonValue, readButton } from '../../views/button-value.ts';
import { editReasonButton } from '../../views/home/applications.ts';
import { editModal, editModalId, notEdited } from '../../views/registration/edit-reason-modal.ts';
import { readReason } from '../../views/registration/reason-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

export function editReason(app: App, { config, db, directory, now, log }: Deps): void {
  app.action<BlockButtonAction>(editReasonButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const interaction = { client, body, respond };
    const seen = readButton(action.value);
    const row = seen && (await registrations.find(db, seen.id));
    if (!seen || !row) return respondToAction(interaction, refusalText({ kind: 'gone' }), log);
    const previewed = await transitions.preview(db, await buildCommand(seen, body.user.id));
    if (!previewed.ok) return respondToAction(interaction, refusalText(previewed.refusal), log);
    await openModal(interaction, editModal(seen, row.registration.reason), log);
  });

  app.view<ViewSubmitAction>(editModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, view }, submitted(body.user.id, view), log);
  });

  async function submitted(
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const { pressed: seen, reason } = readReason(view);
    if (!reason) return { errors: { reason: reasonError } };
    const row = seen && (await registrations.find(db, seen.id));
    if (!seen || !row) return { view: notEdited(refusalText({ kind: 'gone' })) };
    if (reason === row.registration.reason) return 'close';
    const outcome = await transitions.apply(db, { ...(await buildCommand(seen, person)), reason });
    return outcome.ok ? 'close' : { view: notEdited(refusalText(outcome.refusal)) };
  }

  async function buildCommand(seen: ButtonValue, by: string) {
    const memberships = await directory.memberships(by, []);
    return { ...seen, action: 'edit' as const, by, at: now(), policy: config.policy, memberships };
  }
}
