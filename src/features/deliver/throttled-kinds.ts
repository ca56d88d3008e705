/**
 * Throttles effects of a kind where Slack refuses a method that they call: its rate limits hold for the whole workspace. What
 * follows no person's act waits as long as Slack says, and reserves slots where it is refused again.
 */
import { WebAPIRateLimitedError } from '@slack/web-api';
import * as pacing from '../../db/outbox/channel-pacing.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import { priorities } from '../../db/outbox/urgency.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';

type Kind = Effect['kind'];

/** How long a rate limit is remembered after it is over, in milliseconds. */
const rememberedFor = 600_000;

/** A refusal so soon after a rate limit is over, in milliseconds, shows that all that waited for it was too much. */
const againWithin = 10_000;

/** Until when Slack takes no calls, in milliseconds of the process, and whether it has refused them again since. */
type RateLimit = { until: number; again: boolean };

export function createKindThrottle({ db, log }: Pick<Deps, 'db' | 'log'>) {
  /** Each replica has its own: a kind that Slack does not refuse costs no query. */
  const rateLimits = new Map<Kind, RateLimit>();

  /** Delivers, or postpones where the kind is throttled or Slack refuses the call. */
  async function throttle<Result>(
    { job }: Attempt,
    kind: Kind,
    work: () => Promise<Result>,
  ): Promise<Result | DeliveryResult> {
    const waiting = { job, requester: undefined };
    // The slots of the others leave room for what follows a person's act.
    const limit = job.priority === priorities.act ? undefined : find(kind);
    // A job that has waited for a slot in a channel would lose it.
    const hasOtherSlot = job.slot !== null && job.pacedIn !== kind;
    if (!hasOtherSlot && (job.pacedIn === kind || limit?.again)) {
      const slot = await pacing.reserve(db, kind, waiting);
      if (slot) return { status: 'postponed', seconds: slot.seconds, slot: slot.at };
    } else if (limit && limit.until > performance.now()) {
      return { status: 'postponed', seconds: (limit.until - performance.now()) / 1_000 };
    }
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError)) throw error;
      // Before it was refused, the attempt may have posted something.
      const refused = { status: 'postponed', seconds: error.retryAfter, unsure: true } as const;
      if (!record(kind, error.retryAfter).again) return refused;
      const slot = await pacing.pause(db, kind, error.retryAfter, waiting);
      return { ...refused, seconds: slot.seconds, slot: slot.at };
    }
  }

  function find(kind: Kind): RateLimit | undefined {
    const limit = rateLimits.get(kind);
    return limit && performance.now() < limit.until + rememberedFor ? limit : undefined;
  }

  /** Records a refusal, and that of a call after the wait that an earlier one asked for. */
  function record(kind: Kind, seconds: number): RateLimit {
    const now = performance.now();
    const before = find(kind);
    const again = before !== undefined && now >= before.until && now < before.until + againWithin;
    if (again && !before.again) log.warn({ kind, seconds }, 'rate limited again, will throttle what follows no act');
    const limit = {
      until: Math.max(before?.until ?? 0, now + seconds * 1_000),
      again: before?.again === true || again,
    };
    rateLimits.set(kind, limit);
    return limit;
  }

  return throttle;
}
