/** The digests: at each tick of DIGEST_SCHEDULE, every channel with events or pending requests gets one. */
import * as digests from '../../db/scheduling/digests.ts';
import type { Deps } from '../../deps.ts';
import type { Schedule, WallClockTime } from '../../domain/schedule.ts';

/** Returns the function that serves a tick. It is idempotent, on any number of replicas. */
export function enqueueDigests({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>, { timeZone }: Schedule) {
  return async (reading: WallClockTime): Promise<void> => {
    const { adminChannel } = config.policy;
    const channels = await digests.claimDigests(db, { schedule: 'digest', reading }, { adminChannel, timeZone });
    if (channels > 0) log.info({ channels }, 'digests enqueued');
  };
}
