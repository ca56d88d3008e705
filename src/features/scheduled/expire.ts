/** The clock: a request that has waited for EXPIRE_PENDING_AFTER is closed. */
import * as expiry from '../../db/registration/expiry.ts';
import type { Deps } from '../../deps.ts';

/** How many are closed in one transaction: the others can be decided meanwhile. */
const atOnce = 100;

/** Returns what closes all that is too old at a moment: called once a minute, by any number of replicas. */
export function expireRequests({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>) {
  const { EXPIRE_PENDING_AFTER: after } = config;

  return async (at: Date): Promise<void> => {
    if (after === undefined) return;
    const before = new Date(at.getTime() - after);
    for (let closed = atOnce; closed === atOnce; ) {
      closed = await expiry.expireDue(db, { before, at, limit: atOnce });
      if (closed > 0) log.info({ closed }, 'requests have expired');
    }
  };
}
