/** The approvers of a service as a reader may see them: a channel that they cannot see is not named. */
import type { Deps } from '../../deps.ts';
import type { Approvers, ShownApprovers } from '../../domain/approvers.ts';

export async function approversFor(
  reader: string,
  approvers: Approvers,
  { directory }: Pick<Deps, 'directory'>,
): Promise<ShownApprovers> {
  // The channel is named only where no approver is.
  if (approvers.users.length + approvers.groups.length > 0) return approvers;
  return (await directory.canSee(reader, approvers.channel)) ? approvers : { ...approvers, channel: null };
}
