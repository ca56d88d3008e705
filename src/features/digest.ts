/** The clock: at each tick of DIGEST_SCHEDULE, every channel with something to tell hears how its week was. */
import * as digests from '../db/digests.ts';
import type { Tick } from '../db/ticks.ts';
import type { Deps } from '../deps.ts';

/** Returns what is to be called at each tick. */
export function digest({ config, db, log }: Deps): (tick: Tick) => Promise<void> {
  return async (tick) => {
    const { ADMIN_CHANNEL: adminChannel, TIME_ZONE: timeZone } = config;
    // Where this fails the tick stays due: the next start, or the next tick, takes it.
    const channels = await digests.claim(db, tick, { adminChannel, timeZone });
    if (channels > 0) log.info({ channels }, 'channels get their digest');
  };
}
