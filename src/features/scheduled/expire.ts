/** The expiry: closes requests that have been pending for EXPIRE_PENDING_AFTER. */
import * as expiry from '../../db/registration/expiry.ts';
import type { Deps } from '../../deps.ts';

/** How many requests one transaction closes: it locks them, and the others can be decided meanwhile. */
const batch = 100;

/** Returns the function that closes all requests that are due at a moment. Every replica calls it once a minute. */
export function expireRequests({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>) {
  const { EXPIRE_PENDING_AFTER: after } = config;

  return async (at: Date): Promise<void> => {
    if (after === undefined) return;
    const before = new Date(at.getTime() - after);
    for (let closed = batch; closed === batch; ) {
      closed = await expiry.expireDue(db, { before, at, limit: batch });
      if (closed > 0) log.info({ closed }, 'requests expired');
    }
  };
}
