/** Applications: the rules for their names, and what their owners may do with them. Pure: facts in, outcome out. */

import type { Approvers } from './approvers.ts';
import { type Account, checkAccount, checkOwnerAccount, type Policy, type SlackMember } from './authorization.ts';
import type { ApprovalPlace } from './effects.ts';
import { findMixedScript, normalizeLetters } from './names.ts';
import type { Refusal } from './registration.ts';
import { escapedLength, truncate, truncateEscaped } from './text.ts';

/** The longest name, in UTF-16 units as Slack escapes it: `Create "…"` with it must fit into an option of 75 characters. */
export const applicationNameLimit = 60;

/** The most owners that an application has. */
export const maxOwners = 20;

/** Normalizes a name as it is stored: only visible characters, in plain letters, truncated to the limit. */
export const normalizeName = (typed: string): string =>
  truncateEscaped(normalizeLetters(typed), applicationNameLimit, '').trim();

/** Tells whether a name has to be truncated to be stored. */
export const isTooLong = (typed: string): boolean => escapedLength(normalizeLetters(typed)) > applicationNameLimit;

/** How many names that end in a number are suggested. */
const numbered = 20;

/** Suggests names for a person's first application, the best first: “Dana’s app”. */
export function suggestedNames(person: string): string[] {
  const [first = ''] = person.trim().split(/\s+/);
  const named = [first, person.trim()].filter((owner) => owner !== '').map((owner) => `${truncate(owner, 40)}’s app`);
  const [short = 'My app'] = named;
  const others = Array.from({ length: numbered }, (_, index) => `${short} ${index + 2}`);
  const all = [...named, ...(named.length === 0 ? [short] : []), ...others];
  return [...new Set(all.map(normalizeName))].filter((name) => !findMixedScript(name));
}

/** The actions of an owner: the entries of an application's menu in Home. */
export const applicationActions = ['rename', 'owners', 'hand-over', 'leave', 'delete'] as const;
export type ApplicationAction = (typeof applicationActions)[number];

/**
 * The kinds of event in an application's audit log: its creation, its owners' actions, and `depart`, an owner leaving
 * Slack.
 */
export type ApplicationEvent = 'create' | ApplicationAction | 'depart';

/** A change that an owner asks for. */
export type ApplicationCommand =
  | { action: 'rename'; name: string }
  /** The other owners, next to the owner who asks. */
  | { action: 'owners'; others: string[] }
  /** The new owner, who replaces the owner who asks. */
  | { action: 'hand-over'; to: string }
  | { action: 'leave' }
  /** `typed`: the name, as a confirmation. */
  | { action: 'delete'; typed: string };

/** The current state of an application. */
export type Application = {
  id: number;
  publicId: string;
  name: string;
  version: number;
  owners: string[];
  deleted: boolean;
};

/** The owner who asks, the version that they saw, and what Slack says of them and of the people they name. */
export type CommandContext = {
  by: string;
  account: Account | undefined;
  seen: number;
  named: ReadonlyMap<string, SlackMember | undefined>;
  policy: Policy;
};

/** What an application is to the reader of a message about it: theirs, not theirs any longer, or deleted. */
export type Ownership = 'owned' | 'not-owned' | 'deleted';

/** A change of an application: its new name, the owners added and the owners removed. */
export type ApplicationChange = { action: ApplicationEvent; name: string; added: string[]; removed: string[] };

/** Why a change is refused. Nothing is changed, and the views have a sentence for each. */
export type ApplicationRefusal =
  /** It was deleted. */
  | { kind: 'gone' }
  /** No such application: the button or the form is another database's, or forged. */
  | { kind: 'unknown' }
  | { kind: 'not-an-owner' }
  /** It has changed since the form was opened. */
  | { kind: 'stale' }
  /** Another application has this name; its owners, and whether the user is one of them. */
  | { kind: 'name-taken'; name: string; owners: string[]; mine: boolean }
  /** The user owns as many as they may. */
  | { kind: 'too-many-applications'; limit: number }
  | { kind: 'wrong-name'; name: string }
  | { kind: 'only-owner' }
  | { kind: 'too-many-owners' }
  /** A named person cannot own an application; `unsure` where Slack did not say who they are. */
  | { kind: 'cannot-own'; why: 'app' | 'external' | 'deactivated' | 'unsure' }
  | { kind: 'not-an-admin'; askInstead: Approvers }
  /** It has an owner again. */
  | { kind: 'owned' }
  /** The user may not do this, or Slack did not say who they are. */
  | Extract<Refusal, { kind: 'external' | 'deactivated' | 'unsure' }>;

export type ApplicationOutcome =
  /** Null where nothing has to change. */
  { ok: true; change: ApplicationChange | null } | { ok: false; refusal: ApplicationRefusal };
const refuse = (refusal: ApplicationRefusal): ApplicationOutcome => ({ ok: false, refusal });

/**
 * Evaluates a command of an owner. A command whose result is already there changes nothing, whatever version was seen,
 * so that the same form submitted twice takes effect once.
 */
export function evaluate(
  application: Application,
  command: ApplicationCommand,
  context: CommandContext,
): ApplicationOutcome {
  const { owners, deleted, version } = application;
  if (deleted) return refuse({ kind: 'gone' });
  if (!owners.includes(context.by)) return refuse({ kind: 'not-an-owner' });
  const refused = checkOwnerAccount(context.account);
  if (refused) return refuse(refused);
  const result = resultOf(application, command, context.by);
  const added = result.owners.filter((id) => !owners.includes(id));
  const removed = owners.filter((id) => !result.owners.includes(id));
  const { action } = command;
  const unchanged = result.name === application.name && added.length + removed.length === 0;
  if (unchanged && action !== 'delete' && action !== 'leave') return { ok: true, change: null };
  if (context.seen !== version) return refuse({ kind: 'stale' });
  if (command.action === 'delete' && normalizeName(command.typed) !== normalizeName(application.name))
    return refuse({ kind: 'wrong-name', name: application.name });
  if (result.owners.length === 0) return refuse({ kind: 'only-owner' });
  if (result.owners.length > maxOwners) return refuse({ kind: 'too-many-owners' });
  const refusal = checkNewOwners(added, context);
  return refusal ? refuse(refusal) : { ok: true, change: { action, name: result.name, added, removed } };
}

/** Returns the name and the owners that a command leads to. */
function resultOf(
  { name, owners }: Application,
  command: ApplicationCommand,
  by: string,
): { name: string; owners: string[] } {
  const others = owners.filter((id) => id !== by);
  switch (command.action) {
    case 'rename':
      return { name: command.name, owners };
    case 'owners':
      return { name, owners: [...new Set([by, ...command.others])] };
    case 'hand-over':
      return { name, owners: [...new Set([...others, command.to])] };
    case 'leave':
      return { name, owners: others };
    case 'delete':
      return { name, owners };
  }
}

/** Checks that these people may become owners; null if each of them may. */
function checkNewOwners(
  people: string[],
  { named, policy }: Pick<CommandContext, 'named' | 'policy'>,
): ApplicationRefusal | null {
  for (const known of people.map((id) => named.get(id))) {
    if (known?.app) return { kind: 'cannot-own', why: 'app' };
    const refused = checkAccount(known?.account, policy);
    if (refused) return { kind: 'cannot-own', why: refused.kind };
  }
  return null;
}

/** Removes an owner who has left Slack; null where they are no longer an owner, or the application is deleted. */
export function ownerLeft({ name, owners, deleted }: Application, person: string): ApplicationChange | null {
  if (deleted || !owners.includes(person)) return null;
  return { action: 'depart', name, added: [], removed: [person] };
}

/**
 * An admin who assigns an owner to an ownerless application. `admin` is undefined where Slack did not say whether they
 * are one.
 */
export type AssignmentContext = Omit<CommandContext, 'by' | 'account'> & {
  to: string;
  admin: boolean | undefined;
  askInstead: Approvers;
};

/** Evaluates an admin's choice of an owner for an application that has lost its last one. */
export function evaluateAssignment(application: Application, context: AssignmentContext): ApplicationOutcome {
  const { name, owners, deleted, version } = application;
  const { to, admin, askInstead } = context;
  if (!admin) return refuse(admin === undefined ? { kind: 'unsure' } : { kind: 'not-an-admin', askInstead });
  if (deleted) return refuse({ kind: 'gone' });
  if (owners.length > 0) return refuse({ kind: 'owned' });
  if (context.seen !== version) return refuse({ kind: 'stale' });
  const refusal = checkNewOwners([to], context);
  return refusal ? refuse(refusal) : { ok: true, change: { action: 'hand-over', name, added: [to], removed: [] } };
}

/** Tells whether people changed who owns an application, which its approvers are told of. Departures have a message of their own. */
export const changesOwners = ({ action, added, removed }: ApplicationChange): boolean =>
  action !== 'depart' && added.length + removed.length > 0;

/**
 * Lists who is notified of a change by direct message: the owners added and removed, and those who are left where a new
 * owner replaces the actor, or the application is gone; never the actor.
 */
export function ownersToNotify(
  { action, added, removed }: ApplicationChange,
  owners: string[],
  by: string | null,
): string[] {
  const left = owners.filter((id) => !removed.includes(id));
  const changed = [...added, ...removed];
  const notified =
    action === 'delete' || action === 'depart' ? left : action === 'hand-over' ? [...changed, ...left] : changed;
  return notified.filter((id) => id !== by);
}

/** How many services, or applications, a message about owners names; the rest is counted. */
const maxNamed = 10;

/** Counts something once under its approval channel, and keeps the first ones for the message. They come in order. */
export function countAtPlace(places: ApprovalPlace[], place: string | null, id: number): ApprovalPlace[] {
  const found = places.find((one) => one.place === place);
  if (!found) return [...places, { place, first: [id], total: 1, last: id }];
  if (found.last === id) return places;
  const first = found.first.length < maxNamed ? [...found.first, id] : found.first;
  return places.map((one) => (one === found ? { place, first, total: found.total + 1, last: id } : one));
}
