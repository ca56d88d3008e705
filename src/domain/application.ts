/**
 * Applications: what they may be called, and what their owners may do with them. Pure: facts in, outcome out.
 */

import type { Approvers } from './approvers.ts';
import { type Account, checkAccount, checkOwnerAccount, type Policy, type SlackMember } from './authorization.ts';
import { normalizeLetters } from './names.ts';
import type { Refusal } from './registration.ts';
import { truncate } from './text.ts';

/** The longest name, in UTF-16 units: `Create "…"` with it must fit into an option of 75 characters. */
export const applicationNameLimit = 60;

/** The most owners that an application has. */
export const maxOwners = 20;

/** A name as it is kept: as people see it, in plain letters, and short enough. */
export const normalizeName = (typed: string): string =>
  truncate(normalizeLetters(typed), applicationNameLimit, '').trim();

/** What an owner may do with an application: the entries of its menu in Home. */
export const applicationActions = ['rename', 'owners', 'hand-over', 'leave', 'delete'] as const;
export type ApplicationAction = (typeof applicationActions)[number];

/** What the record says of an application: how it began, what its owners did, and that an owner has left Slack. */
export type ApplicationEvent = 'create' | ApplicationAction | 'depart';

/** What somebody wants done with an application. */
export type ApplicationCommand =
  | { action: 'rename'; name: string }
  /** Who owns it beside whoever asks. */
  | { action: 'owners'; others: string[] }
  /** Who owns it instead of whoever asks. */
  | { action: 'hand-over'; to: string }
  | { action: 'leave' }
  /** `typed`: the name, as a confirmation. */
  | { action: 'delete'; typed: string };

/** An application as it stands. */
export type Application = { id: number; name: string; version: number; owners: string[]; deleted: boolean };

/** Whoever asks: which version they were looking at, and what Slack says of them and of the people that they name. */
export type CommandContext = {
  by: string;
  account: Account | undefined;
  seen: number;
  named: ReadonlyMap<string, SlackMember | undefined>;
  policy: Policy;
};

/** A change of an application: its name after it, who came and who went. */
export type ApplicationChange = { action: ApplicationEvent; name: string; added: string[]; removed: string[] };

/** A change that is refused. It has a sentence for people, and changes nothing. */
export type ApplicationRefusal =
  /** No such application, or it was deleted. */
  | { kind: 'gone' }
  | { kind: 'not-an-owner' }
  /** It has changed since the form was opened. */
  | { kind: 'stale' }
  | { kind: 'name-taken'; name: string }
  | { kind: 'wrong-name'; name: string }
  | { kind: 'only-owner' }
  | { kind: 'too-many-owners' }
  /** Somebody who was named cannot own an application; `unsure` where Slack did not say who they are. */
  | { kind: 'cannot-own'; why: 'app' | 'external' | 'deactivated' | 'unsure' }
  | { kind: 'not-an-admin'; askInstead: Approvers }
  /** It has an owner again. */
  | { kind: 'owned' }
  /** Whoever asks may not, or Slack did not say who they are. */
  | Extract<Refusal, { kind: 'external' | 'deactivated' | 'unsure' }>;

export type ApplicationOutcome =
  /** Null where all is already as it was wanted. */
  { ok: true; change: ApplicationChange | null } | { ok: false; refusal: ApplicationRefusal };
const no = (refusal: ApplicationRefusal): ApplicationOutcome => ({ ok: false, refusal });

/**
 * Considers what an owner wants. What is so already is no change, whatever version was seen: the same form sent twice
 * does its work once.
 */
export function evaluate(
  application: Application,
  wish: ApplicationCommand,
  asking: CommandContext,
): ApplicationOutcome {
  const { owners, deleted, version } = application;
  if (deleted) return no({ kind: 'gone' });
  if (!owners.includes(asking.by)) return no({ kind: 'not-an-owner' });
  const refused = checkOwnerAccount(asking.account);
  if (refused) return no(refused);
  const wanted = wantedOf(application, wish, asking.by);
  const added = wanted.owners.filter((id) => !owners.includes(id));
  const removed = owners.filter((id) => !wanted.owners.includes(id));
  const { action } = wish;
  const same = wanted.name === application.name && added.length + removed.length === 0;
  if (same && action !== 'delete' && action !== 'leave') return { ok: true, change: null };
  if (asking.seen !== version) return no({ kind: 'stale' });
  if (wish.action === 'delete' && normalizeName(wish.typed) !== normalizeName(application.name))
    return no({ kind: 'wrong-name', name: application.name });
  if (wanted.owners.length === 0) return no({ kind: 'only-owner' });
  if (wanted.owners.length > maxOwners) return no({ kind: 'too-many-owners' });
  const refusal = refuseNew(added, asking);
  return refusal ? no(refusal) : { ok: true, change: { action, name: wanted.name, added, removed } };
}

/** The name and the owners that a wish leads to. */
function wantedOf(
  { name, owners }: Application,
  wish: ApplicationCommand,
  by: string,
): { name: string; owners: string[] } {
  const others = owners.filter((id) => id !== by);
  switch (wish.action) {
    case 'rename':
      return { name: wish.name, owners };
    case 'owners':
      return { name, owners: [...new Set([by, ...wish.others])] };
    case 'hand-over':
      return { name, owners: [...new Set([...others, wish.to])] };
    case 'leave':
      return { name, owners: others };
    case 'delete':
      return { name, owners };
  }
}

/** Whether these people may become owners: null where each of them may. */
function refuseNew(
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

/** An owner has left Slack. Null where they own it no longer, or it is gone. */
export function ownerLeft({ name, owners, deleted }: Application, person: string): ApplicationChange | null {
  if (deleted || !owners.includes(person)) return null;
  return { action: 'depart', name, added: [], removed: [person] };
}

/** What an admin who gives an orphaned application away brings with them. `admin` is undefined where Slack did not say. */
export type AssignmentContext = Omit<CommandContext, 'by' | 'account'> & {
  to: string;
  admin: boolean | undefined;
  askInstead: Approvers;
};

/** An admin gives an application that has lost its last owner to somebody. */
export function assignOwner(application: Application, adopting: AssignmentContext): ApplicationOutcome {
  const { name, owners, deleted, version } = application;
  const { to, admin, askInstead } = adopting;
  if (!admin) return no(admin === undefined ? { kind: 'unsure' } : { kind: 'not-an-admin', askInstead });
  if (deleted) return no({ kind: 'gone' });
  if (owners.length > 0) return no({ kind: 'owned' });
  if (adopting.seen !== version) return no({ kind: 'stale' });
  const refusal = refuseNew([to], adopting);
  return refusal ? no(refusal) : { ok: true, change: { action: 'hand-over', name, added: [to], removed: [] } };
}

/** Who hears of a change by direct message: who came and who went, or who is left; but never whoever did it. */
export function ownersToNotify(
  { action, added, removed }: ApplicationChange,
  owners: string[],
  by: string | null,
): string[] {
  const left = owners.filter((id) => !removed.includes(id));
  const told = action === 'delete' || action === 'depart' ? left : [...added, ...removed];
  return told.filter((id) => id !== by);
}
