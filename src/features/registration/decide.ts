/**
 * Handles the decision buttons and the menus of the card and of Home. The registration's row decides who was first; the
 * outbox updates the card and notifies the owners.
 */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as cards from '../../db/registration/cards.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as transitions from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import { isPublic, type MessageLocation, type NumberedReference, type Reference } from '../../domain/reference.ts';
import type { Action, Outcome, Refusal } from '../../domain/registration.ts';
import { permalinkFor } from '../../slack/messages.ts';
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
import { readButton, readReference } from '../../views/button-value.ts';
import { failed } from '../../views/fallbacks.ts';
import { cardMenuId, noteMenuId, readCardMenu } from '../../views/registration/card.ts';
import { deleteModalId, deleteRequestModal, notDeleted } from '../../views/registration/forms/delete-modal.ts';
import {
  decisionRefusedModal,
  type FormDecision,
  readReason,
  reasonModal,
  reasonModalIds,
} from '../../views/registration/forms/reason-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import { hideChannels } from '../shared/hide-channels.ts';
import { adminsBeside, someoneElseDecides } from '../shared/other-approvers.ts';
import { openHistory } from '../shared/registration-history.ts';
import { respondToRefusal } from '../shared/respond-to-refusal.ts';

export function decide(app: App, deps: Deps): void {
  const { config, db, directory, metrics, now, log } = deps;
  for (const action of ['approve', 'reinstate'] as const) {
    app.action<BlockButtonAction>(action, async ({ ack, action: clicked, body, client, respond }) => {
      await ack();
      await decideAtOnce(action, readButton(clicked.value), { client, body, respond });
    });
  }

  app.action<BlockOverflowAction>(cardMenuId, async ({ ack, action, body, client, respond }) => {
    await ack();
    const { item, reference } = readCardMenu(action.selected_option.value) ?? {};
    const interaction = { client, body, respond };
    switch (item) {
      case 'history':
        return openHistory(deps, interaction, body.user.id, reference, messageOf(body));
      case 'note':
        return openForm('approve', reference, interaction);
      case 'revoke':
        return openForm('revoke', reference, interaction);
      case 'confirm-delete':
        return openForm('delete', reference, interaction);
      default:
        return decideAtOnce('delete', reference, interaction);
    }
  });

  app.view<ViewSubmitAction>(deleteModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, body, view }, deletionSubmitted(body.user.id, view.private_metadata), log);
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
      await ackSubmission({ ack, client, body, view }, submitted(action, body.user.id, view), log);
    });
  }

  /** Takes a decision that needs no form, and says why where it is refused. */
  async function decideAtOnce(action: Action, reference: Seen['reference'], interaction: Click): Promise<void> {
    const { body } = interaction;
    const { outcome, row } = await execute(action, seenIn(body, reference), body.user.id);
    if (!outcome.ok) await respondToRefusal(interaction, outcome.refusal, row, { directory, log });
  }

  /** Opens the form of a decision, unless it is refused already. The submission is evaluated again. */
  async function openForm(
    action: FormDecision | 'delete',
    reference: Seen['reference'],
    interaction: Click,
  ): Promise<void> {
    const { body } = interaction;
    const seen = seenIn(body, reference);
    const previewed = await withTimeout(lookupTimeout, preview(action, seen, body.user.id), undefined);
    const named = previewed?.named ?? (reference && isPublic(reference) ? reference : undefined);
    const form = named && formFor(action, named, previewed?.row);
    if (previewed && !previewed.outcome.ok)
      await respondToRefusal(interaction, previewed.outcome.refusal, previewed.row, { directory, log });
    else if (form) await openModal(interaction, form, log);
    else await respondToAction(interaction, failed, log);
  }

  /** Builds a form. That of a deletion says what is lost, so it needs the registration. */
  function formFor(action: FormDecision | 'delete', named: Reference, row?: registrations.FoundRegistration) {
    const names = row && registrations.namesOf(row);
    if (action !== 'delete') return reasonModal(action, named, names);
    return names && deleteRequestModal(named, names, row.registration.status);
  }

  async function deletionSubmitted(person: string, metadata: string): Promise<SubmissionResult> {
    const { outcome, row } = await execute('delete', { reference: readReference(metadata) }, person);
    return outcome.ok ? 'close' : { view: notDeleted(await whyNot(outcome.refusal, row, person)) };
  }

  async function submitted(
    action: FormDecision,
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const { pressed: reference, reason } = readReason(view);
    if (!reason) return { errors: { reason: reasonError } };
    const { outcome, row } = await execute(action, { reference }, person, reason);
    if (outcome.ok) return 'close';
    return { view: decisionRefusedModal(action, await whyNot(outcome.refusal, row, person)) };
  }

  /** Says why a form is refused, in what the person may read. */
  const whyNot = (refusal: Refusal, row: registrations.FoundRegistration | undefined, person: string) =>
    hideChannels(refusalText(refusal, row && registrations.namesOf(row)), person, { directory });

  /** Takes a decision, and measures how long the requester waited for it. */
  async function execute(
    action: Action,
    seen: Seen,
    by: string,
    reason?: string,
  ): Promise<{ outcome: Outcome; row?: registrations.FoundRegistration }> {
    const built = await buildCommand(action, seen, by);
    if (!built) return { outcome: gone };
    const { command, row } = built;
    if (await isUnknown(seen, row)) return { outcome: cardUnknown, row };
    const copy = await refuseCopy(command, row, seen.message);
    if (copy) return { outcome: await withOthersToAsk(copy, row, by), row };
    const outcome = await transitions.apply(db, { ...command, ...(reason ? { reason } : {}) });
    if (outcome.ok && (action === 'approve' || action === 'reject'))
      metrics.decided(action, row.registration.requestedAt, command.at);
    return { outcome: await withOthersToAsk(outcome, row, by), row };
  }

  /** Evaluates a decision without taking it; `named` is what a form about it remembers. */
  async function preview(
    action: Action,
    seen: Seen,
    by: string,
  ): Promise<{ outcome: Outcome; named?: Reference; row?: registrations.FoundRegistration }> {
    const built = await buildCommand(action, seen, by);
    if (!built) return { outcome: gone };
    const { command, named, row } = built;
    if (await isUnknown(seen, row)) return { outcome: cardUnknown, named, row };
    const copy = await refuseCopy(command, row, seen.message);
    if (copy) return { outcome: await withOthersToAsk(copy, row, by), named, row };
    return { outcome: await withOthersToAsk(await transitions.preview(db, command), row, by), named, row };
  }

  /** Tells whether a click was on a card that may show what the database has forgotten, and has the card updated at once. */
  async function isUnknown({ message }: Seen, { registration }: registrations.FoundRegistration): Promise<boolean> {
    if (!message || registration.cardVersion !== cards.unknownVersion) return false;
    await db.tables.transaction((tx) => cards.markStale(tx, db, [registration.id], 'act'));
    return true;
  }

  /** Refuses a click on a copy of the card, which may show less than the card does, and has the copy removed. */
  async function refuseCopy(
    command: transitions.TransitionCommand,
    row: registrations.FoundRegistration,
    message: Seen['message'],
  ): Promise<Outcome | null> {
    if (!message || !(await registrations.isCopy(db, row, message))) return null;
    // To a user who may not decide, the card would say the same.
    const previewed = await transitions.preview(db, command);
    if (!previewed.ok && previewed.refusal.kind !== 'stale') return previewed;
    const { cardChannel: channel, cardTs: ts } = row.registration;
    await cards.removeCopy(db, row.registration, message);
    const url = await withTimeout(lookupTimeout, directory.workspaceUrl(), undefined).catch(() => undefined);
    const card = url && channel && ts ? permalinkFor(url, { channel, ts }) : undefined;
    return { ok: false, refusal: { kind: 'copy', card } };
  }

  /** Names, to a user whose own request it is, only others to ask: where there is none, who can change that. */
  async function withOthersToAsk(outcome: Outcome, row: registrations.FoundRegistration, by: string): Promise<Outcome> {
    if (outcome.ok || !isOwn(outcome.refusal)) return outcome;
    const { refusal } = outcome;
    const { requester, ownersAtRequest } = row.registration;
    const own = [by, requester, ...row.owners, ...ownersAtRequest];
    const approvers = allowedApprovers(row.service, config.policy);
    const asked = someoneElseDecides(approvers, own, { config, directory }).catch(() => true);
    const askInstead = { ...approvers, users: approvers.users.filter((id) => !own.includes(id)) };
    const admins = adminsBeside(by, { config });
    const deadEnd = (await withTimeout(lookupTimeout, asked, true)) ? {} : { deadEnd: { admins } };
    return { ok: false, refusal: { ...refusal, askInstead, ...deadEnd } };
  }

  /**
   * Builds the command, with what Slack says about the user: it is asked before a lock is held. Undefined where there is
   * no such registration.
   */
  async function buildCommand(action: Action, { reference, message }: Seen, by: string) {
    const row = await registrations.resolve(db, reference, message);
    if (!reference || !row) return undefined;
    const { id, publicId } = row.registration;
    const { seen } = reference;
    const approvers = allowedApprovers(row.service, config.policy);
    const memberships = await directory.memberships(by, membershipsToCheck(approvers, by));
    const command = { id, seen, action, by, at: now(), policy: config.policy, memberships };
    return { command, named: { publicId, seen }, row };
  }
}

/** What a user saw: what the button or the form names, and the message that the button was on. */
type Seen = { reference: Reference | NumberedReference | undefined; message?: MessageLocation | undefined };

/** A click, with who clicked and where. */
type Clicked = { user: { id: string }; container: Record<string, unknown> };
type Click = Interaction & { body: Clicked };

const seenIn = (body: Pick<Clicked, 'container'>, reference: Seen['reference']): Seen => ({
  reference,
  message: messageOf(body),
});

const isOwn = (refusal: Refusal): refusal is Extract<Refusal, { kind: 'own-request' | 'own-application' }> =>
  refusal.kind === 'own-request' || refusal.kind === 'own-application';

const gone: Outcome = { ok: false, refusal: { kind: 'gone' } };
const cardUnknown: Outcome = { ok: false, refusal: { kind: 'card-unknown' } };
