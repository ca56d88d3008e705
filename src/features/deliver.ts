import type { Attempt, Deliver, Delivery } from '../db/outbox/types.ts';
import type { Deps } from '../deps.ts';
import type { Effect } from '../domain/effects.ts';
import { deliverApplicationChanged } from './deliver/application-changed.ts';
import { deliverCard } from './deliver/card.ts';
import { deliverCardMoved } from './deliver/card-moved.ts';
import { classifyError } from './deliver/classify-error.ts';
import { deliverDecisionMessage } from './deliver/decision-message.ts';
import { deliverDigest } from './deliver/digest.ts';
import { deliverEmail } from './deliver/email.ts';
import { deliverHomes } from './deliver/home.ts';
import { deliverIncident } from './deliver/incident.ts';
import { deliverLastReminder } from './deliver/last-reminder.ts';
import { deliverOwnerMessage } from './deliver/owner-message.ts';
import { deliverOwnerlessApplication } from './deliver/ownerless-application.ts';
import { deliverPendingMessage } from './deliver/pending-message.ts';
import { deliverReminder } from './deliver/reminder.ts';
import { deliverServiceChanged } from './deliver/service-changed.ts';

const delivered: Delivery = { end: 'delivered' };

/**
 * Whoever has clicked waits for an answer and goes before messages; these wait no longer than this, in milliseconds. Slack
 * takes a message a second in a channel, and none of them comes later for it.
 */
const givesWayFor = 1_000;

export function deliver(deps: Deps): Deliver {
  const card = deliverCard(deps);
  const notice = deliverDecisionMessage(deps);
  const reminder = deliverReminder(deps);
  const digest = deliverDigest(deps);
  const waiting = deliverPendingMessage(deps);
  const stopped = deliverLastReminder(deps);
  const mail = deliverEmail(deps);
  const homes = deliverHomes(deps);
  const application = deliverApplicationChanged(deps);
  const owner = deliverOwnerMessage(deps);
  const orphan = deliverOwnerlessApplication(deps);
  const following = deliverServiceChanged(deps);
  const moved = deliverCardMoved(deps);
  const trouble = deliverIncident(deps);

  return async (effect, attempt) => {
    await deps.yieldToInteractive(givesWayFor);
    try {
      return (await carryOut(effect, attempt)) ?? delivered;
    } catch (error) {
      return classifyError(error, effect, deps.log);
    }
  };

  /** Where it says nothing of how it ended, it ended well. */
  // biome-ignore lint/suspicious/noConfusingVoidType: what ends well has nothing to say
  function carryOut(effect: Effect, attempt: Attempt): Promise<Delivery | void> {
    switch (effect.kind) {
      case 'card':
        return card(effect.registration, attempt);
      case 'notice':
        return notice(effect, attempt);
      case 'reminder':
        return reminder(effect, attempt);
      case 'digest':
        return digest(effect, attempt);
      case 'waiting':
        return waiting(effect, attempt);
      case 'stopped':
        return stopped(effect, attempt);
      case 'mail':
        return mail(effect, attempt);
      case 'homes':
        return homes.outdate(effect);
      case 'service':
        return following.cards(effect);
      case 'queues':
        return following.homes(effect);
      case 'moved':
        return moved(effect);
      case 'catalog':
        return homes.outdateCatalog();
      case 'home':
        return homes.draw(effect, attempt);
      case 'application':
        return application.show(effect);
      case 'departure':
        return application.depart(effect);
      case 'owner':
        return owner(effect, attempt);
      case 'orphan':
        return orphan(effect, attempt);
      case 'trouble':
        return trouble(effect, attempt);
    }
  }
}
