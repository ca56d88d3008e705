/** What must be so after each step of a walk: the pure rules, applied to a handful of registrations and nothing else. */
import { checkDecision, type Memberships, type Policy } from '../../../src/domain/authorization.ts';
import {
  type Action,
  actorFor,
  initialStatus,
  isLive,
  nextStatus,
  type Refusal,
  type Status,
  transition,
} from '../../../src/domain/registration.ts';

export type Service = { name: string; approvers: string[]; auto: boolean };

export type Event = { action: Action | 'request'; actor: string; reason: string | null };

export type Registration = {
  service: Service;
  application: string;
  requester: string;
  ownersAtRequest: string[];
  reason: string;
  status: Status;
  events: Event[];
};

export type World = {
  registrations: Registration[];
  /** Who made an application owns it, until they hand it over. */
  owners: Map<string, string>;
  /** What each person was told directly, in order. */
  told: Map<string, { event: Event; registration: Registration }[]>;
};

export const emptyWorld = (): World => ({ registrations: [], owners: new Map(), told: new Map() });

/** Every event is a version. */
export const versionOf = ({ events }: Registration): number => events.length;

/** The members of the approval channel. */
export const inChannel = ['U0ALEX', 'U0PRIYA'];

const channel = 'C0REQUESTS';
const policy: Policy = { approvers: [], adminChannel: channel, allowSelfApproval: false, allowExternal: false };

export type Asked = { person: string; service: Service; application: string; reason: string };

/** Asks for a service: the field that refuses it and why, or nothing where it became a registration. */
export function request(world: World, { person, service, application, reason }: Asked) {
  const owner = world.owners.get(application);
  if (owner !== undefined && owner !== person)
    return { Application: /^“.*” belongs to .*\. Ask to be made a co-owner/ };
  const standing = world.registrations.find(
    (one) => one.application === application && one.service === service && isLive(one.status),
  );
  if (standing) return { Services: new RegExp(`^${service.name} is already ${standing.status} for this application`) };
  world.owners.set(application, person);
  const event: Event = { action: 'request', actor: person, reason };
  const status = initialStatus({ workspace: false, service: service.auto, loosened: false });
  const registration: Registration = {
    service,
    application,
    requester: person,
    ownersAtRequest: [person],
    reason,
    status,
    events: [event],
  };
  world.registrations.push(registration);
  if (status === 'approved') tell(world, registration, event);
  return undefined;
}

export type Taken = { action: Action; person: string; seen: number; reason: string | null };

/** Takes an action on a registration, seen at some version: why not, or nothing where it was taken. */
export function take(world: World, registration: Registration, { action, person, seen, reason }: Taken) {
  const refusal = refuse(world, registration, { action, person, seen, reason });
  if (refusal) return refusal;
  const event: Event = { action, actor: person, reason };
  registration.status = nextStatus(registration.status, action) ?? registration.status;
  if (action === 'edit' && reason) registration.reason = reason;
  registration.events.push(event);
  if (['approve', 'reject', 'revoke', 'reinstate', 'delete'].includes(action)) tell(world, registration, event);
  return undefined;
}

function refuse(world: World, registration: Registration, { action, person, seen }: Taken): Refusal | undefined {
  const { status, requester, ownersAtRequest, service, application } = registration;
  const last = { status, by: null, at: new Date(0) };
  const outcome = transition({ id: 0, status, version: versionOf(registration), last, owners: [] }, action, seen);
  if (!outcome.ok && outcome.refusal.kind === 'already') return outcome.refusal;
  if (actorFor[action] === 'approver') {
    const approvers = { users: service.approvers, groups: [], channel };
    const memberships: Memberships = { account: 'member', of: new Map([[channel, inChannel.includes(person)]]) };
    const request = { requester, owners: [world.owners.get(application) ?? ''], ownersAtRequest };
    const refusal = checkDecision(person, request, approvers, memberships, policy);
    if (refusal) return refusal;
  }
  if (actorFor[action] === 'owner' && world.owners.get(application) !== person) return { kind: 'not-an-owner' };
  if (actorFor[action] === 'requester' && requester !== person) return { kind: 'not-the-requester' };
  return outcome.ok ? undefined : outcome.refusal;
}

/** Hands an application over: no one who owns it decides its requests from then on. */
export function handOver(world: World, application: string, to: string): void {
  world.owners.set(application, to);
}

function tell(world: World, registration: Registration, event: Event): void {
  const owner = world.owners.get(registration.application) ?? '';
  const before = world.told.get(owner) ?? [];
  world.told.set(owner, [...before, { event, registration }]);
}
