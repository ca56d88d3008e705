/** The card's buttons, also in Home: an approver decides. The row decides who was first; the outbox redraws the card and tells the requester. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as changes from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import type { Action, Outcome, ReasonedDecision } from '../../domain/registration.ts';
import { ackSubmission, openModal, respondToAction, type SubmissionResult } from '../../slack/respond.ts';
import { reasonNeeded } from '../../views/blocks.ts';
import { type ButtonValue, readButton } from '../../views/button-value.ts';
import { overflowId, readDelete } from '../../views/registration/card.ts';
import {
  decisionRefusedModal,
  readReason,
  reasonModal,
  reasonModalIds,
} from '../../views/registration/reason-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

/** Who may decide is looked up before a form opens, but not for longer than this, in milliseconds. */
const lookUpFor = 1_000;

export function decide(app: App, { config, db, directory, metrics, now, log }: Deps): void {
  for (const action of ['approve', 'reinstate'] as const) {
    app.action<BlockButtonAction>(action, async ({ ack, action: clicked, body, client, respond }) => {
      await ack();
      const outcome = await take(action, readButton(clicked.value), body.user.id);
      if (!outcome.ok) await respondToAction({ client, body, respond }, refusalText(outcome.refusal), log);
    });
  }

  app.action<BlockOverflowAction>(overflowId, async ({ ack, action, body, client, respond }) => {
    await ack();
    const outcome = await take('delete', readDelete(action.selected_option.value), body.user.id);
    if (!outcome.ok) await respondToAction({ client, body, respond }, refusalText(outcome.refusal), log);
  });

  for (const action of ['reject', 'revoke'] as const) {
    app.action<BlockButtonAction>(action, async ({ ack, action: clicked, body, client, respond }) => {
      await ack();
      const seen = readButton(clicked.value);
      const expected = await withTimeout(lookUpFor, weigh(action, seen, body.user.id), undefined);
      const acted = { client, body, respond };
      if (expected && !expected.ok) await respondToAction(acted, refusalText(expected.refusal), log);
      else if (seen) await openModal(acted, reasonModal(action, seen), log);
    });

    app.view<ViewSubmitAction>(reasonModalIds[action], async ({ ack, body, view, client }) => {
      await ackSubmission({ ack, client, view }, submitted(action, body.user.id, view), log);
    });
  }

  async function submitted(
    action: ReasonedDecision,
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const { pressed: seen, reason } = readReason(view);
    if (!reason) return { errors: { reason: reasonNeeded } };
    const outcome = await take(action, seen, person, reason);
    return outcome.ok ? 'close' : { view: decisionRefusedModal(action, refusalText(outcome.refusal)) };
  }

  async function take(action: Action, seen: ButtonValue | undefined, by: string, reason?: string): Promise<Outcome> {
    const wish = await wishOf(action, seen, by);
    if (!wish) return gone;
    const { change, found } = wish;
    const outcome = await changes.apply(db, { ...change, ...(reason ? { reason } : {}) });
    if (outcome.ok && (action === 'approve' || action === 'reject'))
      metrics.decided(action, found.registration.requestedAt, change.at);
    return outcome;
  }

  async function weigh(action: Action, seen: ButtonValue | undefined, by: string): Promise<Outcome> {
    const wish = await wishOf(action, seen, by);
    return wish ? changes.preview(db, wish.change) : gone;
  }

  /** Asks Slack about the person who clicked, before any lock is held. Undefined where there is no such registration. */
  async function wishOf(action: Action, seen: ButtonValue | undefined, by: string) {
    const found = seen && (await registrations.find(db, seen.id));
    if (!found) return undefined;
    const approvers = allowedApprovers(found.service, config.policy);
    const memberships = await directory.memberships(by, membershipsToCheck(approvers, by));
    return { change: { ...seen, action, by, at: now(), policy: config.policy, memberships }, found };
  }
}

const gone: Outcome = { ok: false, refusal: { kind: 'gone' } };
