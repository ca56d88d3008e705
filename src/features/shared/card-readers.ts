/** Which approvers see the cards of a service, and which do not, because they are not in its channel. */
import type { Deps } from '../../deps.ts';
import type { Approvers } from '../../domain/approvers.ts';

type Asking = Pick<Deps, 'directory'>;

/** The members of larger groups are not asked by direct message. */
const largestAskedGroup = 20;

/**
 * Returns the approvers who are not in the channel: the named people and the members of named groups (`asked`), and the
 * groups with such members that are too large to ask each of them.
 */
export async function cannotSeeCards(
  { users, groups, channel }: Approvers,
  { directory }: Asking,
): Promise<{ asked: string[]; tooLarge: string[] }> {
  if (users.length + groups.length === 0) return { asked: [], tooLarge: [] };
  const inChannel = new Set(await directory.members([channel]));
  const asked = new Set(users);
  const tooLarge: string[] = [];
  for (const group of groups) {
    const members = await directory.members([group]);
    if (members.length <= largestAskedGroup) for (const member of members) asked.add(member);
    else if (members.some((member) => !inChannel.has(member))) tooLarge.push(group);
  }
  return { asked: [...asked].filter((person) => !inChannel.has(person)), tooLarge };
}

/** Tells whether every member of a channel can see another, which is not named there otherwise. */
export async function isSeenFrom(channel: string, other: string, { directory }: Asking): Promise<boolean> {
  if (channel === other) return true;
  for (const member of await directory.members([channel])) {
    if (await directory.canSee(member, other)) continue;
    const known = await directory.member(member);
    if (known && !known.app) return false;
  }
  return true;
}
