/**
 * Effects: everything a change, or time, makes Registrar say or do. Pure data, so that any layer can read it.
 */

/** Tell a human that nothing arrives at a place, and why; `at` tells this time from the next. */
export type IncidentEffect = { kind: 'trouble'; place: string; why: string; at: string };

/** What a tick makes Registrar say. */
export type ReminderEffect =
  /** Have a channel's reminder list those that still wait of the requests that a tick claimed for it. */
  | { kind: 'reminder'; channel: string; tick: string }
  /** Tell a requester which of their requests, first reminded of at a tick, still wait. */
  | { kind: 'waiting'; person: string; tick: string }
  /** Tell a channel of which requests no reminder comes any more, a tick's having been the last. */
  | { kind: 'stopped'; channel: string; tick: string };

/** What a change of the catalog makes Registrar say. */
export type CatalogEffect =
  /** Find out who looks after the catalog, and have each of their Homes redrawn. */
  | { kind: 'catalog' }
  /** Have the cards of what waits for a service drawn where, and for whom, it waits now. */
  | { kind: 'service'; service: number }
  /** Have the Homes redrawn of those for whom it waited before `version`, and for whom it waits now. */
  | { kind: 'queues'; service: number; version: number }
  /** Say, in the place that a card had, where it has gone. */
  | { kind: 'moved'; registration: number; channel: string; ts: string };

/** What a change of an application makes Registrar do and say. Like all effects it carries ids, and no text. */
export type ApplicationEffect =
  /** Redraw what shows the event that made `version`: Homes, and the cards of the registrations after this one. */
  | { kind: 'application'; application: number; version: number; after: number }
  /** Tell somebody of the event that made `version`: that they own the application now, or no longer, or alone. */
  | { kind: 'owner'; application: number; version: number; person: string }
  /** Take what somebody who has left Slack owns from them. */
  | { kind: 'departure'; person: string }
  /** Ask the admins who shall own an application that has lost its last owner at `version`; or redraw that they did. */
  | { kind: 'orphan'; application: number; version: number };

/**
 * What a change, or time, makes Registrar say. An effect names registrations and carries no text: the message is drawn from the
 * rows when it is sent, so late, twice or out of order only makes it fresher.
 */
export type Effect =
  /** Post the request card, or redraw it. */
  | { kind: 'card'; registration: number; version: number }
  /** Tell the requester of the event that made `version`. */
  | { kind: 'notice'; registration: number; version: number }
  /** Tell the same by e-mail, where there is a mail server. */
  | { kind: 'mail'; registration: number; version: number }
  | ReminderEffect
  /** Tell a channel how the seven days before a moment were; `picture` is the chart, once Slack has it. */
  | { kind: 'digest'; channel: string; at: string }
  /** Find out whose Homes show the event that made `version`, and have each redrawn. */
  | { kind: 'homes'; registration: number; version: number }
  /** Redraw one person's Home. */
  | { kind: 'home'; person: string }
  | IncidentEffect
  | CatalogEffect
  | ApplicationEffect;
