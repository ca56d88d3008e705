import type { Approvers } from './approvers.ts';
import type { Effect } from './effects.ts';
import { type ReminderLocation, updateReminders } from './reminder.ts';

export const statuses = ['pending', 'approved', 'rejected', 'revoked', 'unregistered', 'deleted', 'expired'] as const;
export type Status = (typeof statuses)[number];

export const actions = ['approve', 'reject', 'revoke', 'reinstate', 'edit', 'unregister', 'delete', 'expire'] as const;
export type Action = (typeof actions)[number];

/** Where each action leads, from each status. What is not here cannot happen. */
export const transitions = {
  pending: {
    approve: 'approved',
    reject: 'rejected',
    // Another reason is another life: whoever decides has read the one that stands.
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

/** Who takes an action: an approver, an owner of the application, the requester alone, or time itself. */
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

/** Approvers' actions: what the card offers as buttons. */
export type Decision = { [A in Action]: (typeof actorFor)[A] extends 'approver' ? A : never }[Action];

/** Decisions that must say why. */
export type ReasonedDecision = Extract<Decision, 'reject' | 'revoke'>;

/** The longest reason a person may give, in characters, for a request or a decision. */
export const reasonLimit = 1000;

/** Which action turned a registration into `status`, as the record's `action` says it; `request` begins each life. */
export type EventKind = Action | 'request';

/** A live registration holds its place: there is one per application and service. The others are closed for good. */
export const liveStatuses = ['pending', 'approved', 'rejected', 'revoked'] as const satisfies Status[];
export const isLive = (status: Status): boolean => (liveStatuses as readonly Status[]).includes(status);

/** Since when a registration stands as it does. A pending one waits since it was asked for, also where its reason was edited. */
export const inStatusSince = (row: { status: Status; requestedAt: Date; changedAt: Date }): Date =>
  row.status === 'pending' ? row.requestedAt : row.changedAt;

/** The statuses from which an action may start. */
export const statusesAllowing = (action: Action): Status[] =>
  statuses.filter((status) => nextStatus(status, action) !== undefined);

/** Where an action leads from a status, or undefined where it cannot happen. */
export function nextStatus(status: Status, action: Action): Status | undefined {
  const ways: Partial<Record<Action, Status>> = transitions[status];
  return ways[action];
}

/** The events the requester hears of by direct message, and those of them that also come by e-mail. */
const told: readonly EventKind[] = ['approve', 'reject', 'revoke', 'reinstate', 'delete', 'expire'];
const mailed: readonly EventKind[] = ['approve', 'reject', 'revoke', 'reinstate', 'delete'];

/** Who last changed a registration, and when: what a late click is told. */
export type LastChange = { status: Status; by: string | null; at: Date };

/** A refused action. A refusal is a value with a sentence for people; it changes nothing. */
export type Refusal =
  /** The registration is not (or no longer) in a status that the action starts from. */
  | { kind: 'already'; action?: Action; last: LastChange }
  /** The button or picker was drawn from an earlier version; what is seen there is no longer so. */
  | { kind: 'stale'; action: Action; last: LastChange }
  /** No such registration. */
  | { kind: 'gone' }
  /** Nothing is reinstated for an application that its owners have deleted. */
  | { kind: 'application-deleted' }
  | { kind: 'own-request'; askInstead: Approvers }
  | { kind: 'not-an-approver'; askInstead: Approvers }
  | { kind: 'not-an-owner' }
  | { kind: 'not-the-requester' }
  /** Not one of those who may read what happened to a request. */
  | { kind: 'not-a-reader'; askInstead: Approvers[] }
  /** Somebody else has put its reminder off already. */
  | { kind: 'put-off'; by: string; until: Date }
  /** A guest, or somebody of another team. */
  | { kind: 'external' }
  | { kind: 'deactivated' }
  /** Slack could not be asked who somebody is, or who belongs to a group or channel: no, for now. */
  | { kind: 'unsure' };
export type Outcome = { ok: true; to: Status; effects: Effect[] } | { ok: false; refusal: Refusal };

type Facts = {
  id: number;
  status: Status;
  version: number;
  last: LastChange;
  applicationDeleted?: boolean;
  listed?: ReminderLocation;
};

/**
 * Applies an action to a registration as it stands. `seen` is the version the person was looking at; the outcome makes
 * version `facts.version + 1`. Authority has been settled before (domain/authority.ts).
 */
export function transition(facts: Facts, action: Action, seen: number): Outcome {
  const to = nextStatus(facts.status, action);
  if (to === undefined) return { ok: false, refusal: { kind: 'already', action, last: facts.last } };
  if (seen !== facts.version) return { ok: false, refusal: { kind: 'stale', action, last: facts.last } };
  if (facts.applicationDeleted && to === 'approved') return { ok: false, refusal: { kind: 'application-deleted' } };
  const effects = effectsOf(action, facts.id, facts.version + 1);
  // What has been decided is not in a reminder any more.
  return {
    ok: true,
    to,
    effects: facts.status === 'pending' && to !== 'pending' ? [...effects, ...updateReminders(facts.listed)] : effects,
  };
}

/** How a new registration begins: at version 1, approved at once where the workspace or the service says so. */
export function initialStatus(autoApprove: { workspace: boolean; service: boolean }): Status {
  return autoApprove.workspace || autoApprove.service ? 'approved' : 'pending';
}

/** What beginning makes Registrar say: a card and Homes always; and where it was approved at once, the approval message. */
export function effectsOfRequest(registration: number, status: Status): Effect[] {
  const drawn = draw(registration, 1);
  return status === 'approved' ? [...drawn, ...tell('approve', registration, 1)] : drawn;
}

function effectsOf(event: EventKind, registration: number, version: number): Effect[] {
  return [...draw(registration, version), ...tell(event, registration, version)];
}

const tell = (event: EventKind, registration: number, version: number): Effect[] => [
  ...(told.includes(event) ? [{ kind: 'notice', registration, version } as const] : []),
  ...(mailed.includes(event) ? [{ kind: 'mail', registration, version } as const] : []),
];

/** Everything that shows a registration. */
const draw = (registration: number, version: number): Effect[] => [
  { kind: 'card', registration, version },
  { kind: 'homes', registration, version },
];

/** One line of a registration's record. */
export type HistoryEvent = {
  version: number;
  /** Who did it; null where time did. */
  actor: string | null;
  action: EventKind;
  from: Status | null;
  to: Status;
  reason: string | null;
  at: Date;
};

/** A registration with all that its card shows. */
export type Registration = {
  id: number;
  version: number;
  status: Status;
  service: { name: string; docs: string | null };
  application: string;
  /** Its owners have deleted it: nothing is approved for it any more. */
  applicationDeleted: boolean;
  requester: string;
  reason: string;
  requestedAt: Date;
  approvers: Approvers;
  /** Everything that happened to it, oldest first. */
  history: HistoryEvent[];
  /** How earlier requests of this application, or of this person, for this service ended; newest first. */
  previousRequests: PreviousRequest[];
};

export type PreviousRequest = { application: string; requester: string; requestedAt: Date; history: HistoryEvent[] };
