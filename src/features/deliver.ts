import { resume } from '../db/outbox/redrive.ts';
import { deliverStage } from '../db/outbox/stages.ts';
import type { Attempt, Deliver, DeliveryResult } from '../db/outbox/types.ts';
import type { Deps } from '../deps.ts';
import type { Effect } from '../domain/effects.ts';
import { deliverAccess } from './deliver/access/access.ts';
import { deliverAccessMessages } from './deliver/access/access-messages.ts';
import { deliverApplicationChanged } from './deliver/application-changed.ts';
import { deliverApproverMessages } from './deliver/approver-message.ts';
import { deliverAccessEnded, deliverCard } from './deliver/card.ts';
import { deliverCardMoved } from './deliver/card-moved.ts';
import { classifyError, malformed, unreachablePerson } from './deliver/classify-error.ts';
import { deliverCopies } from './deliver/copies.ts';
import { deliverDecisionMessage, deliverNotice } from './deliver/decision-message.ts';
import { deliverDigest } from './deliver/digest.ts';
import { deliverEmail, deliverMail } from './deliver/email.ts';
import { deliverHomes } from './deliver/home.ts';
import { deliverIncident } from './deliver/incident.ts';
import { deliverOwnerMessage } from './deliver/owner-message.ts';
import { deliverOwnerlessApplications } from './deliver/ownerless-application.ts';
import { deliverReceipt } from './deliver/receipt.ts';
import { deliverReminder } from './deliver/reminders/channel-reminder.ts';
import { deliverDirectReminders } from './deliver/reminders/direct-reminder.ts';
import { deliverLastReminder } from './deliver/reminders/last-reminder.ts';
import { deliverPendingMessage } from './deliver/reminders/pending-message.ts';
import { deliverServiceChanged } from './deliver/service-changed.ts';
import { createKindThrottle } from './deliver/throttled-kinds.ts';

type Kind = Effect['kind'];

/** How an effect is delivered. What says nothing of how it ended was delivered. */
type DeliveryOf<One extends Kind> = {
  // biome-ignore lint/suspicious/noConfusingVoidType: what ends well has nothing to say
  deliver: (effect: Extract<Effect, { kind: One }>, attempt: Attempt) => Promise<DeliveryResult | void>;
  /** Slack's words for what no retry helps: a message of ours that it does not take, a person who has left. */
  permanentErrors: readonly string[];
};

/** Creates the handler of every effect. Its lane, priority and destination are in domain/effects.ts; an effect is in these two places. */
function createDeliveries(deps: Deps) {
  const homes = deliverHomes(deps);
  const application = deliverApplicationChanged(deps);
  const approvers = deliverApproverMessages(deps);
  const directReminders = deliverDirectReminders(deps);
  const ownerless = deliverOwnerlessApplications(deps);
  const service = deliverServiceChanged(deps);
  const access = deliverAccess(deps);
  const accessMessages = deliverAccessMessages(deps);
  const toPerson = [...malformed, ...unreachablePerson];
  return {
    card: { deliver: deliverCard(deps), permanentErrors: malformed },
    'ask-approvers': { deliver: approvers.askAll, permanentErrors: [] },
    ask: { deliver: approvers.askOne, permanentErrors: toPerson },
    'access-ended': { deliver: deliverAccessEnded(deps), permanentErrors: malformed },
    receipt: { deliver: deliverReceipt(deps), permanentErrors: toPerson },
    decision: { deliver: deliverDecisionMessage(deps), permanentErrors: toPerson },
    // A mail server has words of its own (email.ts).
    'decision-mail': { deliver: deliverEmail(deps), permanentErrors: [] },
    notice: { deliver: deliverNotice(deps), permanentErrors: toPerson },
    mail: { deliver: deliverMail(deps), permanentErrors: [] },
    reminder: { deliver: deliverReminder(deps), permanentErrors: malformed },
    'remind-approvers': { deliver: directReminders.findApprovers, permanentErrors: [] },
    'direct-reminder': { deliver: directReminders.remindOne, permanentErrors: toPerson },
    requesters: { deliver: directReminders.tellRequesters, permanentErrors: [] },
    waiting: { deliver: deliverPendingMessage(deps), permanentErrors: toPerson },
    stopped: { deliver: deliverLastReminder(deps), permanentErrors: malformed },
    digest: { deliver: deliverDigest(deps), permanentErrors: malformed },
    homes: { deliver: homes.outdate, permanentErrors: [] },
    home: { deliver: homes.render, permanentErrors: [...malformed, 'view_too_large'] },
    trouble: { deliver: deliverIncident(deps), permanentErrors: malformed },
    catalog: { deliver: homes.outdateCatalog, permanentErrors: [] },
    service: { deliver: service.cards, permanentErrors: [] },
    queues: { deliver: service.homes, permanentErrors: [] },
    rules: { deliver: service.tell, permanentErrors: malformed },
    moved: { deliver: deliverCardMoved(deps), permanentErrors: malformed },
    application: { deliver: application.show, permanentErrors: [] },
    owner: { deliver: deliverOwnerMessage(deps), permanentErrors: toPerson },
    ownerships: { deliver: application.findPlaces, permanentErrors: [] },
    ownership: { deliver: application.tell, permanentErrors: malformed },
    departed: { deliver: application.findDeparted, permanentErrors: [] },
    'owner-left': { deliver: application.tellDeparted, permanentErrors: malformed },
    departure: { deliver: application.depart, permanentErrors: [] },
    departures: { deliver: application.sweep, permanentErrors: [] },
    orphans: { deliver: ownerless.ask, permanentErrors: malformed },
    orphan: { deliver: ownerless.update, permanentErrors: malformed },
    access: { deliver: access.apply, permanentErrors: [] },
    'access-service': { deliver: access.applyForService, permanentErrors: [] },
    'access-open': { deliver: accessMessages.open, permanentErrors: toPerson },
    'access-lost': { deliver: accessMessages.lost, permanentErrors: toPerson },
    'access-alarm': { deliver: accessMessages.alarm, permanentErrors: malformed },
    'access-key': { deliver: accessMessages.key, permanentErrors: toPerson },
    copies: { deliver: deliverCopies(deps), permanentErrors: malformed },
    redrive: {
      async deliver(effect, attempt) {
        const incident = { destination: effect.place, cause: effect.why };
        const { after } = await attempt.write((fenced) => resume(fenced, incident, effect.after));
        if (after !== undefined) return { status: 'postponed', seconds: 0, effect: { ...effect, after } };
      },
      permanentErrors: [],
    },
    staged: { deliver: ({ effects }) => deliverStage(deps.db, effects), permanentErrors: [] },
  } satisfies { [One in Kind]: DeliveryOf<One> };
}

/**
 * A user who has clicked waits for a response and goes before messages; these wait no longer than this, in milliseconds. Slack
 * takes a message a second in a channel, and none of them comes later for it.
 */
const givesWayFor = 1_000;

/** Returns what delivers an effect, and says how that ended: an error becomes a result. */
export function deliver(deps: Deps): Deliver {
  const deliveries: { [One in Kind]: DeliveryOf<One> } = createDeliveries(deps);
  const throttle = createKindThrottle(deps);

  // biome-ignore lint/suspicious/noConfusingVoidType: what ends well has nothing to say
  function carryOut<One extends Kind>(kind: One, effect: Effect, attempt: Attempt): Promise<DeliveryResult | void> {
    return deliveries[kind].deliver(effect as Extract<Effect, { kind: One }>, attempt);
  }

  return async (effect, attempt) => {
    await deps.yieldToInteractive(givesWayFor);
    try {
      const result = await throttle(attempt, effect.kind, () => carryOut(effect.kind, effect, attempt));
      return result ?? { status: 'delivered' };
    } catch (error) {
      const result = classifyError(error, effect, deliveries[effect.kind].permanentErrors);
      return result.status === 'dead' && (await isToGone(effect, result.cause)) ? { status: 'delivered' } : result;
    }
  };

  /** Tells whether a message is to someone who has just left Slack, and may still be among the owners: they are not told. */
  async function isToGone(effect: Effect, cause: string): Promise<boolean> {
    if (!('person' in effect) || !unreachablePerson.includes(cause)) return false;
    deps.directory.invalidate(effect.person);
    return (await deps.directory.account(effect.person)) === 'deactivated';
  }
}
