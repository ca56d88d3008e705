/**
 * Paces effects of a kind where Slack refuses a method that they call: its limits hold for the whole workspace. Those of the
 * kind that follow no person's act take turns then, and do not all ask again and again; nor do those that were refused.
 */
import { WebAPIRateLimitedError } from '@slack/web-api';
import * as pacing from '../../db/outbox/channel-pacing.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import { priorities } from '../../db/outbox/urgency.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';

/** For how long after it was last slowed down the turns of a kind are looked at, in milliseconds. */
const rememberedFor = 600_000;

export function createPacedKinds({ db }: Pick<Deps, 'db'>) {
  /** When a kind was slowed down last. Other replicas find out by themselves: a kind that no one refuses costs no look. */
  const slowed = new Map<Effect['kind'], number>();

  /** Delivers in its turn: returns that it is postponed where that has not come, or where Slack refuses it. */
  async function inTurn<Result>(
    { job }: Attempt,
    kind: Effect['kind'],
    work: () => Promise<Result>,
  ): Promise<Result | DeliveryResult> {
    const waiting = { job, requester: undefined };
    // What follows a person's act is tried at once: the pace of the others leaves room for it.
    const isPaced = job.pacedIn === kind || (job.priority !== priorities.act && wasSlowed(kind));
    // One that has waited for its slot in a channel waits for no other: it would lose that one.
    const waitedElsewhere = job.slot !== null && job.pacedIn !== kind;
    if (isPaced && !waitedElsewhere) {
      const slot = await pacing.reserve(db, kind, waiting);
      if (slot) return slowedDown(kind, slot);
    }
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError)) throw error;
      const slot = await pacing.pause(db, kind, error.retryAfter, waiting);
      // Before it was refused, the attempt may have posted something.
      return { ...slowedDown(kind, slot), unsure: true };
    }
  }

  const wasSlowed = (kind: Effect['kind']) =>
    performance.now() < (slowed.get(kind) ?? Number.NEGATIVE_INFINITY) + rememberedFor;

  function slowedDown(kind: Effect['kind'], { at, seconds }: pacing.Slot) {
    slowed.set(kind, performance.now());
    return { status: 'postponed', seconds, slot: at } as const;
  }

  return { inTurn };
}
