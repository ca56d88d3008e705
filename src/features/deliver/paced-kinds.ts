/**
 * Paces effects of a kind where Slack refuses a method that they call: its limits hold for the whole workspace. Those of the
 * kind that follow no person's act wait as long as Slack says, and take turns where it refuses them again.
 */
import { WebAPIRateLimitedError } from '@slack/web-api';
import * as pacing from '../../db/outbox/channel-pacing.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import { priorities } from '../../db/outbox/urgency.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';

/** For how long after a refusal the effects of a kind take turns, in milliseconds, where no other one follows. */
const rememberedFor = 600_000;

/**
 * A refusal so soon after the time that Slack asked to wait, in milliseconds, shows that all that waited came at once and was
 * too much. One alone is only waited for.
 */
const againWithin = 10_000;

/** Until when Slack takes no calls, in milliseconds of the process, and whether effects of the kind take turns from then on. */
type Limited = { until: number; takesTurns: boolean };

export function createPacedKinds({ db }: Pick<Deps, 'db'>) {
  /** Other replicas find out by themselves: a kind that Slack does not refuse costs no look at the database. */
  const limited = new Map<Effect['kind'], Limited>();

  /** Delivers in its turn: returns that it is postponed where that has not come, or where Slack refuses it. */
  async function inTurn<Result>(
    { job }: Attempt,
    kind: Effect['kind'],
    work: () => Promise<Result>,
  ): Promise<Result | DeliveryResult> {
    const waiting = { job, requester: undefined };
    const limit = limitOf(kind);
    // What follows a person's act is tried at once: the pace of the others leaves room for it.
    const others = job.priority !== priorities.act ? limit : undefined;
    // One that has waited for its slot in a channel waits for no other: it would lose that one.
    const waitedElsewhere = job.slot !== null && job.pacedIn !== kind;
    if ((job.pacedIn === kind || others?.takesTurns) && !waitedElsewhere) {
      const slot = await pacing.reserve(db, kind, waiting);
      if (slot) return { status: 'postponed', seconds: slot.seconds, slot: slot.at };
    } else if (others && others.until > performance.now())
      return { status: 'postponed', seconds: (others.until - performance.now()) / 1_000 };
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError)) throw error;
      // Before it was refused, the attempt may have posted something.
      const refused = { status: 'postponed', seconds: error.retryAfter, unsure: true } as const;
      if (!refusedNow(kind, error.retryAfter).takesTurns) return refused;
      const slot = await pacing.pause(db, kind, error.retryAfter, waiting);
      return { ...refused, seconds: slot.seconds, slot: slot.at };
    }
  }

  function limitOf(kind: Effect['kind']): Limited | undefined {
    const limit = limited.get(kind);
    return limit && performance.now() < limit.until + rememberedFor ? limit : undefined;
  }

  function refusedNow(kind: Effect['kind'], seconds: number): Limited {
    const now = performance.now();
    const before = limitOf(kind);
    const again = before !== undefined && now >= before.until && now < before.until + againWithin;
    const limit = {
      until: Math.max(before?.until ?? 0, now + seconds * 1_000),
      takesTurns: before?.takesTurns === true || again,
    };
    limited.set(kind, limit);
    return limit;
  }

  return { inTurn };
}
