/** Effects: everything that a change, or the clock, makes Registrar post or do. Pure data, which any layer may read. */

/** Report a destination that takes no messages, and why; `at` tells this incident from the next. */
export type IncidentEffect = { kind: 'trouble'; place: string; why: string; at: string };

/** The effects of a tick of the reminder schedule. */
export type ReminderEffect =
  /** Post or update a channel's reminder: it lists those of the requests claimed at `tick` that are still pending. */
  | { kind: 'reminder'; channel: string; tick: string }
  /** Tell a requester which of their requests, first reminded of at `tick`, are still pending. */
  | { kind: 'waiting'; person: string; tick: string }
  /** Tell a channel which requests had their last reminder at `tick`. */
  | { kind: 'stopped'; channel: string; tick: string };

/** The effects of a change of the catalog. */
export type CatalogEffect =
  /** Look up the admins, and update the Home of each. */
  | { kind: 'catalog' }
  /** Update the cards of a service's pending requests: which channel they are in, and who may decide them. */
  | { kind: 'service'; service: number }
  /** Update the Homes of those who could decide before `version`, and of those who can now. */
  | { kind: 'queues'; service: number; version: number }
  /** Replace a card that has moved to another channel by where it is now. */
  | { kind: 'moved'; registration: number; channel: string; ts: string };

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
  /** Remove a person who has left Slack from the owners of their applications. */
  | { kind: 'departure'; person: string }
  /**
   * Ask the admins to assign an owner to an application that lost its last one at `version`; or update that message.
   */
  | { kind: 'orphan'; application: number; version: number };

/**
 * An effect of a change, or of the clock. It names registrations and carries no text: messages are rendered from the
 * rows when they are sent, so late, repeated or reordered effects only make them fresher.
 */
export type Effect =
  /** Post the request card, or update it. */
  | { kind: 'card'; registration: number; version: number }
  /** Tell the requester about the event that made `version`. */
  | { kind: 'notice'; registration: number; version: number }
  /** Send the same by e-mail, where there is a mail server. */
  | { kind: 'mail'; registration: number; version: number }
  | ReminderEffect
  /** Post a channel's digest of the seven days before `at`. */
  | { kind: 'digest'; channel: string; at: string }
  /** Look up whose Homes show the event that made `version`, and update each. */
  | { kind: 'homes'; registration: number; version: number }
  /** Update one person's Home. */
  | { kind: 'home'; person: string }
  | IncidentEffect
  | CatalogEffect
  | ApplicationEffect;
