/** The clock: at each tick of DIGEST_SCHEDULE, every channel with something to tell hears how its week was. */
import * as digests from '../../db/scheduling/digests.ts';
import type { Deps } from '../../deps.ts';
import type { Schedule, WallClockTime } from '../../domain/schedule.ts';

/** Returns what serves a tick of the schedule: called by any number of replicas, however often, it serves it once. */
export function enqueueDigests({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>, { timeZone }: Schedule) {
  const { ADMIN_CHANNEL: adminChannel } = config;

  return async (reading: WallClockTime): Promise<void> => {
    const channels = await digests.claimDigests(db, { schedule: 'digest', reading }, { adminChannel, timeZone });
    if (channels > 0) log.info({ channels }, 'channels get their digest');
  };
}
