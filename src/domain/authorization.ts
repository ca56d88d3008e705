/**
 * Who may decide a request: the one policy, asked at every click, of the person who clicked.
 * The service's approvers, else APPROVERS, else the members of the approval channel; never the requester, unless
 * ALLOW_SELF_APPROVAL; never somebody who was deactivated; and guests and people of other teams neither ask nor decide,
 * unless ALLOW_EXTERNAL. What Slack does not say counts as no.
 */

import type { Approvers } from './approvers.ts';
import type { Refusal } from './registration.ts';
import type { ServiceRefusal } from './service.ts';

/** What is set: for the service, and for the workspace where the service says nothing. */
export type Policy = {
  approvers: string[];
  adminChannel: string;
  allowSelfApproval: boolean;
  allowExternal: boolean;
};

/** What a person is to the workspace. Guests, and people of other teams who share a channel with it, are external. */
export type Account = 'member' | 'external' | 'deactivated';

/** Somebody in Slack. Apps are people there too. */
export type SlackMember = { name: string; account: Account; app: boolean };

/** What Slack says of whoever acts. What is missing or undefined could not be found out. */
export type Memberships = {
  account: Account | undefined;
  /** Whether they belong to a group or a channel, by its id. */
  of: ReadonlyMap<string, boolean | undefined>;
};

/** Why somebody with this account may neither ask nor decide; null where they may. */
export function checkAccount(
  account: Account | undefined,
  { allowExternal }: Policy,
): Extract<Refusal, { kind: 'external' | 'deactivated' | 'unsure' }> | null {
  if (account === 'external') return allowExternal ? null : { kind: 'external' };
  return checkOwnerAccount(account);
}

/** Why somebody with this account may not act for an application that is theirs: giving up is open to external people too. */
export function checkOwnerAccount(
  account: Account | undefined,
): Extract<Refusal, { kind: 'deactivated' | 'unsure' }> | null {
  if (account === undefined) return { kind: 'unsure' };
  return account === 'deactivated' ? { kind: 'deactivated' } : null;
}

/** Where a service's requests are posted. */
export function approvalChannel(service: { channel: string | null }, policy: Policy): string {
  return service.channel ?? policy.adminChannel;
}

/** Whom a service's requests rest with. */
export function allowedApprovers(service: { approvers: string[]; channel: string | null }, policy: Policy): Approvers {
  const named = service.approvers.length > 0 ? service.approvers : policy.approvers;
  return {
    users: named.filter((id) => !isGroup(id)),
    groups: named.filter(isGroup),
    channel: approvalChannel(service, policy),
  };
}

/** The groups or the channel that Slack must be asked about before it is known whether `person` is an approver. */
export function membershipsToCheck({ users, groups, channel }: Approvers, person: string): string[] {
  if (users.includes(person)) return [];
  return users.length + groups.length > 0 ? groups : [channel];
}

/** Whether `person` may decide what `requester` asked for: null where they may, else why not. */
export function checkDecision(
  person: string,
  requester: string,
  approvers: Approvers,
  memberships: Memberships,
  policy: Policy,
): Refusal | null {
  if (person === requester && !policy.allowSelfApproval) return { kind: 'own-request', askInstead: approvers };
  const appointed = isAppointed(person, approvers, memberships);
  if (appointed) return checkAccount(memberships.account, policy);
  return appointed === undefined ? { kind: 'unsure' } : { kind: 'not-an-approver', askInstead: approvers };
}

/** Whether `person` is one of the approvers, whoever asks; undefined where it could not be found out. */
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

/** Whether it makes sense to name somebody as an approver. Undefined: Slack does not know them. */
export const canBeApprover = (known: SlackMember | undefined, policy: Policy): boolean =>
  known !== undefined && !known.app && checkAccount(known.account, policy) === null;

/** Whether they are named, or belong to what is named; whatever their account. */
function isAppointed(person: string, approvers: Approvers, { of }: Memberships): boolean | undefined {
  if (approvers.users.includes(person)) return true;
  const answers = membershipsToCheck(approvers, person).map((id) => of.get(id));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

/** Who looks after the workspace as a whole: APPROVERS, else the members of ADMIN_CHANNEL. */
export const admins = (policy: Policy): Approvers => allowedApprovers({ approvers: [], channel: null }, policy);

/** Whether `person` may read what happened to a request: its approvers may, and admins, whoever asked for it. */
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

/** Whether `person` may change the catalog: admins may. */
export function checkCatalogChange(
  person: string,
  memberships: Memberships,
  policy: Policy,
): Extract<ServiceRefusal, { kind: 'not-an-admin' | 'unsure' }> | null {
  const admin = isApprover(person, admins(policy), memberships, policy);
  if (admin) return null;
  return admin === undefined ? { kind: 'unsure' } : { kind: 'not-an-admin', askInstead: admins(policy) };
}

/** User group ids begin with S, people's with U or W. */
const isGroup = (id: string): boolean => id.startsWith('S');
