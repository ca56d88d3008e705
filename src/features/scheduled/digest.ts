/** The clock: at each tick of DIGEST_SCHEDULE, every channel with something to tell hears how its week was. */
import * as digests from '../../db/scheduling/digests.ts';
import type { Deps } from '../../deps.ts';
import type { Reading, Schedule } from '../../domain/schedule.ts';

/** Returns what serves a tick of the schedule: called by any number of replicas, however often, it serves it once. */
export function digest({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>, { timeZone }: Schedule) {
  const { ADMIN_CHANNEL: adminChannel } = config;

  return async (reading: Reading): Promise<void> => {
    const channels = await digests.claim(db, { schedule: 'digest', reading }, { adminChannel, timeZone });
    if (channels > 0) log.info({ channels }, 'channels get their digest');
  };
}
