/** Looks whether a replica has started since with other settings on who decides: then this one is out of date. */
import { findNewerPolicy } from '../../db/policy-in-force.ts';
import type { Deps } from '../../deps.ts';
import { describePolicy } from '../../domain/authorization.ts';

/** How often it is logged while it lasts, in milliseconds. */
const logInterval = 3_600_000;

/** Returns the function that looks: every replica does, once a minute. */
export function comparePolicy({ config, db, metrics, log }: Pick<Deps, 'config' | 'db' | 'metrics' | 'log'>) {
  let loggedAt = Number.NEGATIVE_INFINITY;

  return async (at: Date): Promise<void> => {
    // At each look: the id of a channel may have changed.
    const own = describePolicy(config.policy, config.AUTO_APPROVE);
    const newerSince = await findNewerPolicy(db, own);
    metrics.policyOutdated(newerSince !== undefined);
    if (!newerSince || at.getTime() - loggedAt < logInterval) return;
    loggedAt = at.getTime();
    log.warn(
      { since: newerSince },
      'out of date: a replica has started with other APPROVERS, ADMIN_CHANNEL, AUTO_APPROVE or ALLOW_ settings; restart this one with them',
    );
  };
}
