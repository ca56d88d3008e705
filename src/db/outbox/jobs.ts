import type { Effect } from '../../domain/effects.ts';

export const mainQueue = 'outbox';
/** E-mail waits in a queue of its own, with workers of its own: a mail server that hangs holds up no card. */
export const mailQueue = 'outbox-mail';
/** What could not be delivered, kept until somebody puts it back. */
export const deadLetters = 'outbox-dead';

export type Job = Effect & {
  /** When the effect was first put into the outbox; a letter that was put back keeps it. */
  since?: string;
  /** The turn in a channel that it waits for. */
  turn?: string;
  /** An attempt before this job may have reached Slack without our knowing. */
  unsure?: boolean;
};

export const queueOf = (kind: Effect['kind']): string => (kind === 'mail' ? mailQueue : mainQueue);

/** Its key, and its priority: what nobody waits for, of which a tick can bring hundreds, lets everything else go first. */
export function standingOf(effect: Effect) {
  const unhurried = effect.kind === 'reminder' || effect.kind === 'waiting' || effect.kind === 'stopped';
  return { singletonKey: keyOf(effect), priority: unhurried ? 0 : 1 };
}

/**
 * Jobs of one key run one at a time and in order, on any number of replicas. Cards and notices have keys of their own: a
 * channel that cannot be posted to must not keep the decision from the requester.
 */
function keyOf(effect: Effect): string {
  switch (effect.kind) {
    case 'reminder':
    case 'digest':
    case 'stopped':
      return `${effect.kind}:${effect.channel}`;
    case 'catalog':
      return effect.kind;
    case 'waiting':
    case 'home':
    case 'departure':
      return `${effect.kind}:${effect.person}`;
    case 'owner':
      return `owner:${effect.application}:${effect.person}`;
    case 'application':
    case 'orphan':
      return `${effect.kind}:${effect.application}`;
    case 'service':
    case 'queues':
      return `${effect.kind}:${effect.service}`;
    case 'trouble':
      return `trouble:${effect.place}`;
    default:
      return `${effect.kind}:${effect.registration}`;
  }
}
