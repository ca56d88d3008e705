/** Looks whether clicks and forms that this database does not know keep coming: then another one is on the same Slack app. */
import { findUnknown } from '../../db/unknown-ids.ts';
import type { Deps } from '../../deps.ts';

/** How often it is logged while it lasts, in milliseconds. */
const logInterval = 3_600_000;

/** Returns the function that looks: every replica does, once a minute. */
export function watchUnknownIds({ db, log }: Pick<Deps, 'db' | 'log'>) {
  let loggedAt = Number.NEGATIVE_INFINITY;

  return async (at: Date): Promise<void> => {
    if (at.getTime() - loggedAt < logInterval) return;
    const unknown = await findUnknown(db);
    if (unknown === undefined) return;
    loggedAt = at.getTime();
    log.warn({}, unknown);
  };
}
