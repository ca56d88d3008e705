/** The housekeeping of every few minutes: what a crash, a lost answer or somebody's hand left wrong in Slack is put right. */
import * as reconciling from '../../db/registration/card-drift.ts';
import { claimTick } from '../../db/scheduling/ticks.ts';
import type { Deps } from '../../deps.ts';
import { compareCards } from './reconcile/cards.ts';
import { probeIncidents } from './reconcile/channels.ts';

/** How many lost cards are put into the outbox at a time. */
const missingAtMost = 100;

/** Returns what is to be called at each tick, with the moment that the schedule names; one replica does it. */
export function reconcile(deps: Deps): (tick: Date) => Promise<void> {
  const { db, log } = deps;
  return async (tick) => {
    if (!(await claimTick(db.tables, { schedule: 'reconcile', reading: tick }))) return;
    const missing = await reconciling.enqueueMissing(db, missingAtMost);
    await probeIncidents(deps);
    const { looked, redrawn } = await compareCards(deps);
    const about = { looked, redrawn, missing };
    if (redrawn + missing > 0) log.info(about, 'cards were not what they should be, and are redrawn');
    else log.debug(about, 'the cards are what they should be');
  };
}
