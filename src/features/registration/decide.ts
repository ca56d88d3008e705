/**
 * Handles the decision buttons of the card and of Home. The registration's row decides who was first; the outbox updates
 * the card and notifies the requester.
 */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as transitions from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import { isPublic, type MessageLocation, type NumberedReference, type Reference } from '../../domain/reference.ts';
import type { Action, Outcome } from '../../domain/registration.ts';
import {
  ackSubmission,
  type Interaction,
  lookupTimeout,
  messageOf,
  openModal,
  respondToAction,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { reasonError } from '../../views/blocks.ts';
import { readButton } from '../../views/button-value.ts';
import { failed } from '../../views/fallbacks.ts';
import { cardMenuId, noteMenuId, readDelete } from '../../views/registration/card.ts';
import {
  decisionRefusedModal,
  type FormDecision,
  readReason,
  reasonModal,
  reasonModalIds,
} from '../../views/registration/reason-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

export function decide(app: App, { config, db, directory, metrics, now, log }: Deps): void {
  for (const action of ['approve', 'reinstate'] as const) {
    app.action<BlockButtonAction>(action, async ({ ack, action: clicked, body, client, respond }) => {
      await ack();
      const outcome = await execute(action, seenIn(body, readButton(clicked.value)), body.user.id);
      if (!outcome.ok) await respondToAction({ client, body, respond }, refusalText(outcome.refusal), log);
    });
  }

  app.action<BlockOverflowAction>(cardMenuId, async ({ ack, action, body, client, respond }) => {
    await ack();
    const seen = seenIn(body, readDelete(action.selected_option.value));
    const outcome = await execute('delete', seen, body.user.id);
    if (!outcome.ok) await respondToAction({ client, body, respond }, refusalText(outcome.refusal), log);
  });

  app.action<BlockOverflowAction>(noteMenuId, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openForm('approve', readButton(action.selected_option.value), { client, body, respond });
  });

  for (const action of ['reject', 'revoke'] as const) {
    app.action<BlockButtonAction>(action, async ({ ack, action: clicked, body, client, respond }) => {
      await ack();
      await openForm(action, readButton(clicked.value), { client, body, respond });
    });
  }

  for (const action of ['approve', 'reject', 'revoke'] as const) {
    app.view<ViewSubmitAction>(reasonModalIds[action], async ({ ack, body, view, client }) => {
      await ackSubmission({ ack, client, view }, submitted(action, body.user.id, view), log);
    });
  }

  /** Opens the form of a decision, unless it is refused already. The submission is evaluated again. */
  async function openForm(
    action: FormDecision,
    reference: Seen['reference'],
    interaction: Interaction & { body: Clicked },
  ): Promise<void> {
    const { body } = interaction;
    const seen = seenIn(body, reference);
    const previewed = await withTimeout(lookupTimeout, preview(action, seen, body.user.id), undefined);
    const named = previewed?.named ?? (reference && isPublic(reference) ? reference : undefined);
    if (previewed && !previewed.outcome.ok)
      await respondToAction(interaction, refusalText(previewed.outcome.refusal), log);
    else if (named) await openModal(interaction, reasonModal(action, named), log);
    else await respondToAction(interaction, failed, log);
  }

  async function submitted(
    action: FormDecision,
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const { pressed: reference, reason } = readReason(view);
    if (!reason) return { errors: { reason: reasonError } };
    const outcome = await execute(action, { reference }, person, reason);
    return outcome.ok ? 'close' : { view: decisionRefusedModal(action, refusalText(outcome.refusal)) };
  }

  /** Takes a decision, and measures how long the requester waited for it. */
  async function execute(action: Action, seen: Seen, by: string, reason?: string): Promise<Outcome> {
    const built = await buildCommand(action, seen, by);
    if (!built) return gone;
    const { command, requestedAt } = built;
    const outcome = await transitions.apply(db, { ...command, ...(reason ? { reason } : {}) });
    if (outcome.ok && (action === 'approve' || action === 'reject')) metrics.decided(action, requestedAt, command.at);
    return outcome;
  }

  /** Evaluates a decision without taking it; `named` is what a form about it remembers. */
  async function preview(action: Action, seen: Seen, by: string): Promise<{ outcome: Outcome; named?: Reference }> {
    const built = await buildCommand(action, seen, by);
    return built ? { outcome: await transitions.preview(db, built.command), named: built.named } : { outcome: gone };
  }

  /**
   * Builds the command, with what Slack says about the user: it is asked before a lock is held. Undefined where there is
   * no such registration.
   */
  async function buildCommand(action: Action, { reference, message }: Seen, by: string) {
    const found = await registrations.resolve(db, reference, message);
    if (!reference || !found) return undefined;
    const { id, publicId, requestedAt } = found.registration;
    const { seen } = reference;
    const approvers = allowedApprovers(found.service, config.policy);
    const memberships = await directory.memberships(by, membershipsToCheck(approvers, by));
    const command = { id, seen, action, by, at: now(), policy: config.policy, memberships };
    return { command, named: { publicId, seen }, requestedAt };
  }
}

/** What a user saw: what the button or the form names, and the message that the button was on. */
type Seen = { reference: Reference | NumberedReference | undefined; message?: MessageLocation | undefined };

/** A click, with who clicked and where. */
type Clicked = { user: { id: string }; container: Record<string, unknown> };

const seenIn = (body: Pick<Clicked, 'container'>, reference: Seen['reference']): Seen => ({
  reference,
  message: messageOf(body),
});

const gone: Outcome = { ok: false, refusal: { kind: 'gone' } };
