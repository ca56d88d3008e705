/** The reconciliation, every few minutes: corrects what a crash, a lost response or a person left wrong in Slack. */
import * as ownerless from '../../db/application/ownerless.ts';
import * as channelIds from '../../db/channel-ids.ts';
import * as cardDrift from '../../db/registration/card-drift.ts';
import { claimTick } from '../../db/scheduling/ticks.ts';
import type { Deps } from '../../deps.ts';
import { reconcileAccess } from './reconcile/access.ts';
import { compareCards } from './reconcile/cards.ts';
import { probeIncidents } from './reconcile/channels.ts';

/** How many lost updates are enqueued at a time. */
const maxMissing = 100;

/** Returns the function that serves a tick, given its time. One replica of all serves it. */
export function reconcile(deps: Deps): (tick: Date) => Promise<void> {
  const { config, db, now, log } = deps;
  const access = reconcileAccess(deps);
  let sweptOn = '';
  return async (tick) => {
    if (!(await claimTick(db.tables, { schedule: 'reconcile', reading: tick }))) return;
    // At the first tick after the start, because events of who left before it were not received, and once a day.
    const today = tick.toISOString().slice(0, 10);
    if (sweptOn !== today) await ownerless.enqueueSweep(db);
    sweptOn = today;
    await channelIds.moveRows(db, config.policy.adminChannel, now());
    const missing = await cardDrift.enqueueMissing(db, maxMissing);
    const misplaced = await cardDrift.enqueueMisplaced(db, config.policy.adminChannel, maxMissing);
    if (misplaced > 0) log.info({ misplaced }, 'cards are not in the channel that decides, they are moved');
    await probeIncidents(deps);
    const { compared, updated, limited } = await compareCards(deps);
    const counts = { compared, updated, missing, limited };
    if (updated + missing > 0) log.info(counts, 'cards differ from their registrations, updates enqueued');
    else log.debug(counts, 'cards match their registrations');
    await access();
  };
}
