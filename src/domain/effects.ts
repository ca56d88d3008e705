/** Effects: everything that a change, or the clock, makes Registrar post or do. Pure data, which any layer may read. */
import type { MessageMarker } from './reference.ts';

/** Report a destination that takes no messages, and why; `at` tells this incident from the next. */
export type IncidentEffect = { kind: 'trouble'; place: string; why: string; at: string };

/** The place of a request in the order in which what a tick has claimed is gone through. */
export type RemindedPosition = { channel: string; requestedAt: string; id: number };

/** The effects of a tick of the reminder schedule. */
export type ReminderEffect =
  /** Post or update a channel's reminder: it lists those of the requests claimed at `tick` that are still pending. */
  | { kind: 'reminder'; channel: string; tick: string }
  /**
   * Find, some requests at a time, the approvers who cannot see the cards of those claimed at `tick`, remind them by direct
   * message, and then tell the requesters. `after`: the last request that was looked at.
   */
  | { kind: 'remind-approvers'; tick: string; after?: RemindedPosition }
  /** Remind an approver by direct message of the requests claimed at `tick` whose cards they cannot see, or update it. */
  | { kind: 'direct-reminder'; person: string; tick: string }
  /**
   * Tell the requesters whose requests had their first reminder at `tick`, once its reminders are delivered. `after`: the last
   * request that was looked at.
   */
  | { kind: 'requesters'; tick: string; after?: RemindedPosition }
  /** Tell a requester which of their requests, first reminded of at `tick`, are still pending; or update that message. */
  | { kind: 'waiting'; person: string; tick: string }
  /** Tell a channel which requests had their last reminder at `tick`. */
  | { kind: 'stopped'; channel: string; tick: string };

/** The effects of a change of the catalog. */
export type CatalogEffect =
  /** Look up the admins, and update the Home of each. */
  | { kind: 'catalog' }
  /**
   * Update the cards of a service's pending requests with ids above `after`: which channel they are in, and who may decide
   * them. Version 0.1 enqueued it without `after`, for all of them.
   */
  | { kind: 'service'; service: number; after?: number }
  /**
   * Update the Homes of those who could decide before `version`, and of those who can now; then, with `after`, of the owners
   * of the pending requests with ids above it.
   */
  | { kind: 'queues'; service: number; version: number; after?: number }
  /** Tell the approval channel, as it was before or is after it, of a change that made `version` and loosened the rules. */
  | { kind: 'rules'; service: number; version: number; when: 'before' | 'after' }
  /** Replace a card that has moved to another channel by where it is now. */
  | { kind: 'moved'; registration: number; channel: string; ts: string };

/** What was found for an approval channel, null for ADMIN_CHANNEL: the first ids, how many there are, and the last one. */
export type ApprovalPlace = { place: string | null; first: number[]; total: number; last: number };

/** The effects of a change of an application. Like all effects they carry ids, and no text. */
export type ApplicationEffect =
  /**
   * Update what shows the event that made `version`: Homes, and the cards of the registrations with ids above `after`.
   */
  | { kind: 'application'; application: number; version: number; after: number }
  /**
   * Tell `person` about the event that made `version`: they became an owner, are none now, or are the only one left.
   */
  | { kind: 'owner'; application: number; version: number; person: string }
  /**
   * Find the approval channels that are to be told that the event that made `version` changed the owners: those of the
   * registrations with ids above `after`. `places`: what was found up to there.
   */
  | { kind: 'ownerships'; application: number; version: number; after: number; places: ApprovalPlace[] }
  /**
   * Tell an approval channel, null for ADMIN_CHANNEL, that the event that made `version` changed the owners.
   * `registrations`: the first of those that the application has there, out of `total`. Earlier versions named none.
   */
  | {
      kind: 'ownership';
      application: number;
      version: number;
      place: string | null;
      registrations?: number[];
      total?: number;
    }
  /**
   * Find the approval channels that are to be told of what a person who left Slack owned until `since` or later: those of
   * the registrations with ids above `after` of this application, and of the applications after it.
   */
  | { kind: 'departed'; person: string; since: string; application: number; after: number; places: ApprovalPlace[] }
  /** Tell an approval channel, in one message, which applications a person who left Slack owned: the first of `total`. */
  | { kind: 'owner-left'; person: string; since: string; place: string | null; applications: number[]; total: number }
  /** Remove a person who has left Slack from the owners of their applications, if they still are gone. */
  | { kind: 'departure'; person: string }
  /** Look for owners who have left Slack without our hearing of it: a page of the workspace's members, from this cursor. */
  | { kind: 'departures'; cursor: string }
  /** Ask the admins, in one message, to assign owners to the applications that lost their last one in `person`. */
  | { kind: 'orphans'; person: string }
  /** Update the message that asks the admins to assign an owner to an application that lost its last one at `version`. */
  | { kind: 'orphan'; application: number; version: number };

/** The effects of what changes access at gateways. */
export type AccessEffect =
  /** Make the groups of an application at a gateway what its registrations say now. */
  | { kind: 'access'; application: number; gateway: string }
  /**
   * Do so for each application registered for a service whose access has changed: the applications after this id. `removes`:
   * they lose a group there, which comes before grants.
   */
  | { kind: 'access-service'; service: number; gateway: string; after: number; removes?: boolean }
  /** Tell an owner, who read that access is on its way, that a group is open now. */
  | { kind: 'access-open'; application: number; gateway: string; group: string; change: string; person: string }
  /** Tell an owner that a group is taken away, although the registration that it was for stays approved. */
  | { kind: 'access-lost'; application: number; gateway: string; group: string; change: string; person: string }
  /** Tell the admins that access is still open at a gateway which should not be; `at` tells this time from the next. */
  | { kind: 'access-alarm'; gateway: string; at: string }
  /** Tell an owner about a key that was made, removed, lost at the gateway, or whose maker is no owner any longer. */
  | { kind: 'access-key'; key: string; event: 'made' | 'removed' | 'lost' | 'renew'; person: string };

/**
 * Look whether a message is there twice, because Slack stored it after an attempt had given it up; one of them stays. `of`:
 * the lane of the job that posted it. `posted`: where that job knows it to be, null where it posted nothing. It was posted
 * above and below these moments, in Slack's seconds.
 */
export type CopiesEffect = {
  kind: 'copies';
  of: string;
  to: string;
  channel: string;
  thread?: string;
  marker: MessageMarker;
  posted: string | null;
  above: number;
  below: number | null;
};

/**
 * An effect of a change, or of the clock. It names registrations and carries no text: messages are rendered from the
 * rows when they are sent, so late, repeated or reordered effects only make them fresher.
 */
export type Effect =
  /** Post the request card, or update it. */
  | { kind: 'card'; registration: number; version: number }
  /** Ask the approvers who cannot see the card of a pending request, each by a direct message. */
  | { kind: 'ask-approvers'; registration: number }
  /** Ask an approver to decide a request by direct message, or update that message. */
  | { kind: 'ask'; registration: number; person: string }
  /** Tell the channel, in the thread of the card, that the event that made `version` ended an approved registration. */
  | { kind: 'access-ended'; registration: number; version: number }
  /** Tell a requester what one form requested, where an approver decides some of it. It stays when the form is closed. */
  | { kind: 'receipt'; person: string; events: RegistrationEvent[] }
  /** Tell an owner of an application about the events that one act made, in one message. */
  | { kind: 'decision'; person: string; events: RegistrationEvent[] }
  /** Send the same by e-mail, where there is a mail server. */
  | { kind: 'decision-mail'; person: string; events: RegistrationEvent[] }
  /** Tell the requester about the event that made `version`, as earlier versions enqueued it. */
  | { kind: 'notice'; registration: number; version: number }
  /** Send the same by e-mail, as earlier versions enqueued it. */
  | { kind: 'mail'; registration: number; version: number }
  | ReminderEffect
  /** Post a channel's digest of the seven days before `at`. */
  | { kind: 'digest'; channel: string; at: string }
  /**
   * Look up whose Homes show the event that made `version`, and update each; before that, the cards of the application's
   * other requests, those with ids above `after`. `posted`: only the Homes, which link to a card that has just been posted.
   */
  | { kind: 'homes'; registration: number; version: number; after?: number; posted?: true }
  /** Update one person's Home. */
  | { kind: 'home'; person: string }
  | IncidentEffect
  | CatalogEffect
  | ApplicationEffect
  | AccessEffect
  | CopiesEffect
  /** Set going again, a batch at a time, what failed by an incident that is resolved: the jobs after this id. */
  | { kind: 'redrive'; place: string; why: string; after: number }
  /** Put these into the outbox once there is room: what a change brings by the hundred is enqueued in stages. */
  | { kind: 'staged'; effects: Effect[] };

/** The event of a registration that made `version`. */
export type RegistrationEvent = { registration: number; version: number };

/** What follows a person's act, what follows the clock, and what a change brings by the hundred. */
export type Priority = 'act' | 'clock' | 'bulk';

/** Where effects go that name no channel: messages to people and channels, and jobs that only look up and write. */
export const destinations = ['cards', 'direct', 'home', 'mail', 'database'] as const;

type RulesOf<One extends Effect> = {
  /** Effects of a kind that agree in these fields are delivered one at a time and in order, on any number of replicas. */
  lane: readonly Exclude<keyof One, 'kind'>[];
  priority: Priority;
  /** Where it goes, in the words of incidents. An effect that names a channel goes there instead. */
  destination: (typeof destinations)[number];
  /** Of its own where the other side may hang: what hangs takes all workers of its queue. */
  queue?: 'outbox-mail' | 'gateway';
};

/**
 * How each effect is queued. Cards and direct messages have lanes of their own: a channel that cannot be posted to must not
 * keep the decision from the owners. How each is delivered is in features/deliver.ts; an effect is in these two places.
 */
const rules = {
  card: { lane: ['registration'], priority: 'act', destination: 'cards' },
  'ask-approvers': { lane: ['registration'], priority: 'act', destination: 'database' },
  ask: { lane: ['registration', 'person'], priority: 'act', destination: 'direct' },
  'access-ended': { lane: ['registration'], priority: 'act', destination: 'cards' },
  receipt: { lane: ['person'], priority: 'act', destination: 'direct' },
  decision: { lane: ['person'], priority: 'act', destination: 'direct' },
  'decision-mail': { lane: ['person'], priority: 'act', destination: 'mail', queue: 'outbox-mail' },
  notice: { lane: ['registration'], priority: 'act', destination: 'direct' },
  mail: { lane: ['registration'], priority: 'act', destination: 'mail', queue: 'outbox-mail' },
  reminder: { lane: ['channel'], priority: 'clock', destination: 'cards' },
  'remind-approvers': { lane: ['tick'], priority: 'clock', destination: 'database' },
  'direct-reminder': { lane: ['person'], priority: 'clock', destination: 'direct' },
  requesters: { lane: ['tick'], priority: 'clock', destination: 'database' },
  waiting: { lane: ['person'], priority: 'clock', destination: 'direct' },
  stopped: { lane: ['channel'], priority: 'clock', destination: 'cards' },
  digest: { lane: ['channel'], priority: 'clock', destination: 'cards' },
  homes: { lane: ['registration'], priority: 'act', destination: 'home' },
  home: { lane: ['person'], priority: 'act', destination: 'home' },
  trouble: { lane: ['place'], priority: 'act', destination: 'direct' },
  catalog: { lane: [], priority: 'act', destination: 'home' },
  service: { lane: ['service'], priority: 'bulk', destination: 'database' },
  queues: { lane: ['service'], priority: 'bulk', destination: 'home' },
  rules: { lane: ['service', 'when'], priority: 'act', destination: 'cards' },
  moved: { lane: ['registration'], priority: 'bulk', destination: 'cards' },
  application: { lane: ['application'], priority: 'act', destination: 'database' },
  owner: { lane: ['application', 'person'], priority: 'act', destination: 'direct' },
  ownerships: { lane: ['application'], priority: 'act', destination: 'database' },
  ownership: { lane: ['application', 'place'], priority: 'act', destination: 'cards' },
  departed: { lane: ['person'], priority: 'act', destination: 'database' },
  'owner-left': { lane: ['person', 'place'], priority: 'act', destination: 'cards' },
  departure: { lane: ['person'], priority: 'bulk', destination: 'database' },
  departures: { lane: [], priority: 'bulk', destination: 'database' },
  orphans: { lane: ['person'], priority: 'act', destination: 'cards' },
  orphan: { lane: ['application'], priority: 'act', destination: 'cards' },
  // A queue for each gateway: one that hangs holds up no other.
  // Grants come after what follows a person's act: that is how removals go before them (db/access/request.ts).
  access: { lane: ['application', 'gateway'], priority: 'clock', destination: 'database', queue: 'gateway' },
  'access-service': { lane: ['service'], priority: 'bulk', destination: 'database' },
  'access-open': { lane: ['application', 'person'], priority: 'act', destination: 'direct' },
  'access-lost': { lane: ['application', 'person'], priority: 'bulk', destination: 'direct' },
  'access-alarm': { lane: ['gateway'], priority: 'act', destination: 'direct' },
  'access-key': { lane: ['key', 'person'], priority: 'act', destination: 'direct' },
  copies: { lane: ['channel', 'of', 'above'], priority: 'clock', destination: 'cards' },
  redrive: { lane: ['place', 'why'], priority: 'bulk', destination: 'database' },
  staged: { lane: [], priority: 'bulk', destination: 'database' },
} as const satisfies { [Kind in Effect['kind']]: RulesOf<Extract<Effect, { kind: Kind }>> };

export const effectKinds = Object.keys(rules) as Effect['kind'][];

export function queueOf(kind: Effect['kind']): 'outbox' | 'outbox-mail' | 'gateway' {
  const rule = rules[kind];
  return 'queue' in rule ? rule.queue : 'outbox';
}

/** Returns the queue of what is asked of a gateway. */
export const gatewayQueue = (gateway: string): string => `gateway:${gateway}`;

/** Returns the queue of an effect, by the name that workers take it by. */
export const queueNameOf = (effect: Effect): string =>
  effect.kind === 'access' ? gatewayQueue(effect.gateway) : queueOf(effect.kind);

export const priorityOf = (kind: Effect['kind']): Priority => rules[kind].priority;

/** Returns the key of what is delivered one at a time and in order, such as `card:7`. */
export function laneOf(effect: Effect): string {
  const fields: Record<string, unknown> = effect;
  return [effect.kind, ...rules[effect.kind].lane.map((field) => fields[field])].join(':');
}

export function destinationOf(effect: Effect): string {
  if (effect.kind === 'access') return gatewayQueue(effect.gateway);
  return 'channel' in effect ? effect.channel : rules[effect.kind].destination;
}
