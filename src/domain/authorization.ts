/**
 * Authorization: the one policy on who may decide a request, checked at every click for the person who clicked. The
 * approvers are the service's, else APPROVERS, else the members of the approval channel. The requester is none of them, nor is
 * who owns the application or owned it when it was asked for, unless ALLOW_SELF_APPROVAL; nor is a deactivated account; guests and people of other teams may neither request nor
 * decide, unless ALLOW_EXTERNAL. What Slack does not say counts as no.
 */

import type { Approvers } from './approvers.ts';
import { isOwnRequest, type RequestParties } from './own-request.ts';
import type { Refusal } from './registration.ts';
import type { ServiceRefusal } from './service.ts';

/** The settings of the workspace, which apply where a service has none of its own. */
export type Policy = {
  approvers: string[];
  adminChannel: string;
  allowSelfApproval: boolean;
  allowExternal: boolean;
};

/** Writes down the settings on who decides, so that two replicas can be compared. The order of approvers is none. */
export const describePolicy = (policy: Policy, autoApprove: boolean): string =>
  JSON.stringify({
    approvers: [...policy.approvers].sort(),
    adminChannel: policy.adminChannel,
    allowSelfApproval: policy.allowSelfApproval,
    allowExternal: policy.allowExternal,
    autoApprove,
  });

/** The kind of an account. Guests, and people of other teams who share a channel with the workspace, are external. */
export type Account = 'member' | 'external' | 'deactivated';

/** A user in Slack: a person or an app. `title` is their profile's, such as "Developer, Shop team"; '' for none. */
export type SlackMember = { name: string; title: string; account: Account; app: boolean };

/** What Slack says of the user who acts. What is missing or undefined could not be looked up. */
export type Memberships = {
  account: Account | undefined;
  /** Membership in user groups and channels, by their ids. */
  of: ReadonlyMap<string, boolean | undefined>;
};

/** Checks that an account may request and decide; null if it may. */
export function checkAccount(
  account: Account | undefined,
  { allowExternal }: Policy,
): Extract<Refusal, { kind: 'external' | 'deactivated' | 'unsure' }> | null {
  if (account === 'external') return allowExternal ? null : { kind: 'external' };
  return checkOwnerAccount(account);
}

/**
 * Checks that an account may act for an application that it owns; null if it may. External people may: giving up access
 * is open to them too.
 */
export function checkOwnerAccount(
  account: Account | undefined,
): Extract<Refusal, { kind: 'deactivated' | 'unsure' }> | null {
  if (account === undefined) return { kind: 'unsure' };
  return account === 'deactivated' ? { kind: 'deactivated' } : null;
}

/** Who can join a channel: who is invited, anybody of the workspace, or also people whom another organization invites. */
export type ChannelAudience = 'invited' | 'anybody' | 'shared';

/** Tells whether joining the channel makes a user an approver, without being appointed. */
export const isOpenToAll = ({ users, groups }: Approvers, audience: ChannelAudience): boolean =>
  users.length + groups.length === 0 && audience !== 'invited';

/** Returns the channel that a service's requests are posted in. */
export function approvalChannel(service: { channel: string | null }, policy: Policy): string {
  return service.channel ?? policy.adminChannel;
}

/** Returns the approvers of a service's requests. */
export function allowedApprovers(service: { approvers: string[]; channel: string | null }, policy: Policy): Approvers {
  const named = service.approvers.length > 0 ? service.approvers : policy.approvers;
  return {
    users: named.filter((id) => !isGroup(id)),
    groups: named.filter(isGroup),
    channel: approvalChannel(service, policy),
  };
}

/** Lists the groups, or the channel, whose members have to be looked up to know whether `person` is an approver. */
export function membershipsToCheck({ users, groups, channel }: Approvers, person: string): string[] {
  if (users.includes(person)) return [];
  return users.length + groups.length > 0 ? groups : [channel];
}

/** Checks that `person` may decide a request; null if they may. */
export function checkDecision(
  person: string,
  request: RequestParties,
  approvers: Approvers,
  memberships: Memberships,
  policy: Policy,
): Refusal | null {
  if (isOwnRequest(person, request) && !policy.allowSelfApproval)
    return { kind: person === request.requester ? 'own-request' : 'own-application', askInstead: approvers };
  const appointed = isAppointed(person, approvers, memberships);
  if (appointed) return checkAccount(memberships.account, policy);
  return appointed === undefined ? { kind: 'unsure' } : { kind: 'not-an-approver', askInstead: approvers };
}

/** Tells whether `person` is an approver, regardless of the requester; undefined where Slack did not say. */
export function isApprover(
  person: string,
  approvers: Approvers,
  memberships: Memberships,
  policy: Policy,
): boolean | undefined {
  const appointed = isAppointed(person, approvers, memberships);
  const refused = appointed === false ? null : checkAccount(memberships.account, policy);
  if (!refused) return appointed;
  return refused.kind === 'unsure' ? undefined : false;
}

/** Tells whether a user can be named as an approver. Undefined is one that Slack does not know. */
export const canBeApprover = (known: SlackMember | undefined, policy: Policy): boolean =>
  known !== undefined && !known.app && checkAccount(known.account, policy) === null;

/** Tells whether a person is named as an approver or belongs to what is named, regardless of their account. */
function isAppointed(person: string, approvers: Approvers, { of }: Memberships): boolean | undefined {
  if (approvers.users.includes(person)) return true;
  const answers = membershipsToCheck(approvers, person).map((id) => of.get(id));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

/** Returns the admins: APPROVERS, else the members of ADMIN_CHANNEL. */
export const admins = (policy: Policy): Approvers => allowedApprovers({ approvers: [], channel: null }, policy);

/** Checks that `person` may read the history of a request, as its approvers and the admins may; null if they may. */
export function checkReading(
  person: string,
  approvers: Approvers,
  memberships: Memberships,
  policy: Policy,
): Refusal | null {
  const readers = [approvers, admins(policy)];
  const answers = readers.map((some) => isApprover(person, some, memberships, policy));
  if (answers.includes(true)) return null;
  return answers.includes(undefined) ? { kind: 'unsure' } : { kind: 'not-a-reader', askInstead: readers };
}

/** Checks that `person` may change the catalog, as admins may; null if they may. */
export function checkCatalogChange(
  person: string,
  memberships: Memberships,
  policy: Policy,
): Extract<ServiceRefusal, { kind: 'not-an-admin' | 'unsure' }> | null {
  const admin = isApprover(person, admins(policy), memberships, policy);
  if (admin) return null;
  return admin === undefined ? { kind: 'unsure' } : { kind: 'not-an-admin', askInstead: admins(policy) };
}

/** Tells whether an id is a user group's, which begin with S; people's begin with U or W. */
const isGroup = (id: string): boolean => id.startsWith('S');
