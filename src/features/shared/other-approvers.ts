/** Whether a request can be decided by anybody but those whose own it is, and who can change that. */
import type { Deps } from '../../deps.ts';
import type { Approvers } from '../../domain/approvers.ts';
import { admins, canBeApprover, membershipsToCheck } from '../../domain/authorization.ts';

type Asking = Pick<Deps, 'config' | 'directory'>;

/** How many are looked up. Where there are more, one of them is taken to be able. */
const maxLookups = 50;

/** Tells whether an approver other than these people can decide. Rejects where Slack does not answer. */
export async function someoneElseDecides(
  approvers: Approvers,
  own: string[],
  { config, directory }: Asking,
): Promise<boolean> {
  if (config.policy.allowSelfApproval) return true;
  const members = await directory.members(membershipsToCheck(approvers, ''));
  const others = [...new Set([...approvers.users, ...members])].filter((person) => !own.includes(person));
  for (const person of others.slice(0, maxLookups)) {
    if (canBeApprover(await directory.member(person), config.policy)) return true;
  }
  return others.length > maxLookups;
}

/** Returns the admins other than `person`, who can name another approver; null where no one else is named. */
export function adminsBeside(person: string, { config }: Pick<Asking, 'config'>): Approvers | null {
  const { users, groups, channel } = admins(config.policy);
  const others = users.filter((id) => id !== person);
  return others.length + groups.length > 0 ? { users: others, groups, channel } : null;
}
