import type { ShownAccess } from './access.ts';
import type { Approvers } from './approvers.ts';
import type { Effect, RegistrationEvent } from './effects.ts';
import type { MessageLocation } from './reference.ts';
import { type ReminderLocation, updatePendingMessage, updateReminders } from './reminder.ts';
import type { ServiceState } from './service.ts';

export const statuses = ['pending', 'approved', 'rejected', 'revoked', 'unregistered', 'deleted', 'expired'] as const;
export type Status = (typeof statuses)[number];

export const actions = ['approve', 'reject', 'revoke', 'reinstate', 'edit', 'unregister', 'delete', 'expire'] as const;
export type Action = (typeof actions)[number];

/** The transition table: the status that each action leads to, from each status. What is not here is refused. */
export const transitions = {
  pending: {
    approve: 'approved',
    reject: 'rejected',
    // A new version: an approver decides the reason that they have read, and no other.
    edit: 'pending',
    unregister: 'unregistered',
    delete: 'deleted',
    expire: 'expired',
  },
  approved: { revoke: 'revoked', unregister: 'unregistered', delete: 'deleted' },
  rejected: { unregister: 'unregistered', delete: 'deleted' },
  revoked: { reinstate: 'approved', delete: 'deleted' },
  unregistered: {},
  deleted: {},
  expired: {},
} as const satisfies Record<Status, Partial<Record<Action, Status>>>;

/** Who may take an action: an approver, an owner of the application, only the requester, or only the clock. */
export const actorFor = {
  approve: 'approver',
  reject: 'approver',
  revoke: 'approver',
  reinstate: 'approver',
  delete: 'approver',
  unregister: 'owner',
  edit: 'requester',
  expire: 'time',
} as const satisfies Record<Action, 'approver' | 'owner' | 'requester' | 'time'>;

/** The actions of approvers, which the card offers as buttons. */
export type Decision = { [A in Action]: (typeof actorFor)[A] extends 'approver' ? A : never }[Action];

/** The longest reason a person may give, in characters, for a request or a decision. */
export const reasonLimit = 1000;

/** The kind of an event, as the audit log stores it; `request` is the first of each registration. */
export type EventKind = Action | 'request';

/**
 * The statuses in which a registration holds its place: there is one per application and service. The others are final.
 */
export const liveStatuses = ['pending', 'approved', 'rejected', 'revoked'] as const satisfies Status[];
export const isLive = (status: Status): boolean => (liveStatuses as readonly Status[]).includes(status);

/**
 * Returns since when a registration is in its status. A pending one counts from the request, also where its reason was
 * edited.
 */
export const inStatusSince = (row: { status: Status; requestedAt: Date; changedAt: Date }): Date =>
  row.status === 'pending' ? row.requestedAt : row.changedAt;

/** Lists the statuses that an action may start from. */
export const statusesAllowing = (action: Action): Status[] =>
  statuses.filter((status) => nextStatus(status, action) !== undefined);

/** Returns the status that an action leads to; undefined where it is not allowed. */
export function nextStatus(status: Status, action: Action): Status | undefined {
  const allowed: Partial<Record<Action, Status>> = transitions[status];
  return allowed[action];
}

/** The events that the owners are notified of by direct message, and those also sent by e-mail. */
const notified: readonly EventKind[] = ['approve', 'reject', 'revoke', 'reinstate', 'delete', 'expire'];
const emailed: readonly EventKind[] = ['approve', 'reject', 'revoke', 'reinstate', 'delete'];

/** The last change of a registration, which a late click is answered with. */
export type LastChange = { status: Status; by: string | null; at: Date };

/** Only the people whose own request it is could decide; the admins who can change that, null where no other is named. */
export type DeadEnd = { admins: Approvers | null };

/** Why an action is refused. Nothing is changed, and the views have a sentence for each. */
export type Refusal =
  /** The registration is not (or no longer) in a status that the action starts from. */
  | { kind: 'already'; action?: Action; last: LastChange }
  /** The user has unregistered it before, when it was in this status. */
  | { kind: 'already-unregistered'; from: Status }
  /** The button or picker was rendered from an earlier version. */
  | { kind: 'stale'; action: Action; last: LastChange }
  /** It is not known what the card showed: the database was restored from a copy, and the card is not updated yet. */
  | { kind: 'card-unknown' }
  /** No such registration: the button is another database's, or forged. */
  | { kind: 'gone' }
  /** The owners have deleted the application: nothing can be approved for it. */
  | { kind: 'application-deleted' }
  /** The button is on a copy of the card, which is not updated; where the card is. */
  | { kind: 'copy'; card: string | undefined }
  | { kind: 'own-request'; askInstead: Approvers; deadEnd?: DeadEnd }
  /** The user owns the application, or owned it when it was asked for. */
  | { kind: 'own-application'; askInstead: Approvers; deadEnd?: DeadEnd }
  | { kind: 'not-an-approver'; askInstead: Approvers }
  | { kind: 'not-an-owner' }
  | { kind: 'not-the-requester' }
  /** The user may not read the history of the request. */
  | { kind: 'not-a-reader'; askInstead: Approvers[] }
  /** Another approver has already snoozed its reminder. */
  | { kind: 'put-off'; by: string; until: Date }
  /** A guest, or a user of another team. */
  | { kind: 'external' }
  | { kind: 'deactivated' }
  /** Slack did not say who the user is, or who belongs to a group or channel: that counts as no, for now. */
  | { kind: 'unsure' };
export type Outcome = { ok: true; to: Status; effects: Effect[] } | { ok: false; refusal: Refusal };

type Facts = {
  id: number;
  status: Status;
  version: number;
  last: LastChange;
  /** The owners of the application, who are notified. */
  owners: string[];
  applicationDeleted?: boolean;
  listed?: ListedPlaces;
};

/** Where a pending request is shown beyond its card and Homes. */
export type ListedPlaces = ReminderLocation & {
  requester: string;
  firstRemindedAt: Date | null;
};

/**
 * Evaluates an action on a registration. `seen` is the version that the user saw; an allowed action makes version
 * `facts.version + 1`. Authorization has been checked before (domain/authorization.ts).
 */
export function transition(facts: Facts, action: Action, seen: number): Outcome {
  const to = nextStatus(facts.status, action);
  if (to === undefined) return { ok: false, refusal: { kind: 'already', action, last: facts.last } };
  if (seen !== facts.version) return { ok: false, refusal: { kind: 'stale', action, last: facts.last } };
  if (facts.applicationDeleted && to === 'approved') return { ok: false, refusal: { kind: 'application-deleted' } };
  const event = { registration: facts.id, version: facts.version + 1 };
  const effects = [
    ...updatesOf(event),
    ...notificationsOf(action, [event], facts.owners),
    ...accessEndedEffects(facts.status, to, event),
  ];
  return { ok: true, to, effects: [...effects, ...listedEffects(facts, to)] };
}

/** Returns the effects that update what lists a pending request. Reminders list pending requests only. */
export function listedEffects({ id, status, listed }: Pick<Facts, 'id' | 'status' | 'listed'>, to: Status): Effect[] {
  if (status !== 'pending' || !listed) return [];
  const asked = listed.asked.map(({ person }) => ({ kind: 'ask' as const, registration: id, person }));
  const reminders = to === 'pending' ? [] : updateReminders(listed);
  return [...reminders, ...updatePendingMessage(listed), ...asked];
}

/**
 * Returns the status of a new registration, at version 1: approved at once where the workspace or the service allows it. What
 * the service says counts only where neither the requester nor an owner has loosened its rules just before (`loosened`).
 */
export function initialStatus(autoApprove: { workspace: boolean; service: boolean; loosened: boolean }): Status {
  return autoApprove.workspace || (autoApprove.service && !autoApprove.loosened) ? 'approved' : 'pending';
}

/**
 * Returns the effects of the registrations that one form creates: their cards and Homes, a receipt for the requester where
 * some are pending, and for those approved at once one approval message to each owner of the application.
 */
export function effectsOfRequest(
  created: { id: number; status: Status; approvers: Approvers }[],
  { requester, owners }: { requester: string; owners: string[] },
): Effect[] {
  // Where no approver is named, the members of the channel decide, who see the card.
  const asking = created.filter(
    ({ status, approvers }) => status === 'pending' && approvers.users.length + approvers.groups.length > 0,
  );
  const eventOf = ({ id }: { id: number }) => ({ registration: id, version: 1 });
  const events = created.map(eventOf);
  const approved = created.filter(({ status }) => status === 'approved').map(eventOf);
  const receipt = { kind: 'receipt' as const, person: requester, events };
  return [
    ...events.flatMap(updatesOf),
    // Where all are approved at once, the approval message says what the receipt would.
    ...(approved.length < created.length ? [receipt] : []),
    ...asking.map(({ id }) => ({ kind: 'ask-approvers' as const, registration: id })),
    ...notificationsOf('approve', approved, owners),
  ];
}

/** Returns the effects that tell each owner about events of one kind that one act made, in one message. */
export function notificationsOf(action: EventKind, events: RegistrationEvent[], owners: string[]): Effect[] {
  if (events.length === 0) return [];
  const kinds = [
    ...(notified.includes(action) ? (['decision'] as const) : []),
    ...(emailed.includes(action) ? (['decision-mail'] as const) : []),
  ];
  return kinds.flatMap((kind) => owners.map((person) => ({ kind, person, events })));
}

/**
 * Returns the effects of an approved registration that has ended: the channel that decided it hears that there may be
 * something to close. A revoked one is not over, and was revoked there.
 */
export const accessEndedEffects = (from: Status, to: Status, event: RegistrationEvent): Effect[] =>
  from === 'approved' && !isLive(to) ? [{ kind: 'access-ended', ...event }] : [];

/** Returns the effects that update everything that shows a registration. */
const updatesOf = ({ registration, version }: RegistrationEvent): Effect[] => [
  { kind: 'card', registration, version },
  { kind: 'homes', registration, version },
];

/** One event of a registration. */
export type HistoryEvent = {
  version: number;
  /** Null for the clock. */
  actor: string | null;
  action: EventKind;
  from: Status | null;
  to: Status;
  reason: string | null;
  at: Date;
};

/** How many of an application's other services a card knows: with so many, there may be more. */
export const maxOtherServices = 30;

/** A registration with all that its card shows. */
export type Registration = {
  id: number;
  publicId: string;
  version: number;
  status: Status;
  service: { name: string; description: string; docs: string | null; state: ServiceState };
  application: string;
  /** Who owns the application now; of a closed registration, who owned it when it was asked for. */
  owners: string[];
  /** The owners have deleted the application: nothing more can be approved for it. */
  applicationDeleted: boolean;
  requester: string;
  reason: string;
  requestedAt: Date;
  approvers: Approvers;
  /** The other services that the application has access to, by name; at most `maxOtherServices`. */
  otherServices: string[];
  /** All of its events, oldest first. */
  history: HistoryEvent[];
  /** It was unregistered and asked for again in one act, which made another request. */
  askedAgain: boolean;
  /** Its access at the gateway of its service; null where there is none, and none is left. */
  access: ShownAccess | null;
  /** How earlier requests for this service, by this application or this person, ended; newest first. */
  previousRequests: PreviousRequest[];
};

export type PreviousRequest = {
  application: string;
  requester: string;
  requestedAt: Date;
  /** Where its card is; null before it is posted. */
  card: MessageLocation | null;
  history: HistoryEvent[];
};
