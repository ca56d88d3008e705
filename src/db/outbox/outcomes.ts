/** What becomes of a job whose delivery has ended: when it is retried, when it is given up, and who hears of it. */
import { destinationOf, type Effect, effectKinds } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import * as pacing from './channel-pacing.ts';
import * as incidents from './incidents.ts';
import * as store from './store.ts';
import type { Attempt, Deliver, DeliveryResult, Job, Outbox } from './types.ts';

/**
 * How long after a message whose earlier attempt had an unknown end Slack is asked for copies of it, in seconds. A Slack that
 * is slow has stored what we had given up by then.
 */
export const lookAgainAfter = 120;

/** What the outbox writes to the log. */
export type OutboxLog = Record<'debug' | 'warn' | 'error', (about: object, message: string) => void>;

/** A newer version's, which runs next to this one. */
const unknownKind = {
  status: 'retry',
  destination: 'database',
  cause: 'unknown_kind',
  needsHuman: false,
  seconds: 5,
  remedy: 'a newer version delivers it',
} satisfies DeliveryResult;

const isKnown = (effect: { kind: string }): effect is Effect => effectKinds.some((kind) => kind === effect.kind);

/** A refusal that is still there at this retry, after some four minutes, does not pass by itself. */
const lastingAfter = 8;

/** Returns 1, 2, 4 … 300 seconds, give or take a quarter: what failed together does not come back together. */
const backoff = (retries: number): number => Math.min(300, 2 ** retries) * (0.75 + Math.random() / 2);

/** Delivers a job, and decides what the result means for it. Throws where it has lost its lease meanwhile. */
export async function resultOf(attempt: Attempt, deliver: Deliver): Promise<DeliveryResult> {
  const { job, signal } = attempt;
  const { effect, retries } = job;
  if (!isKnown(effect)) return unknownKind;
  if (job.crashed && job.expired) return { status: 'dead', destination: destinationOf(effect), cause: 'crashed' };
  const result = await deliver(effect, attempt);
  signal.throwIfAborted();
  if (result.status !== 'retry') return result;
  if (job.expired) return { ...result, status: 'dead' };
  const needsHuman = result.needsHuman || (result.refused === true && retries >= lastingAfter);
  return { seconds: backoff(retries), ...result, needsHuman };
}

/** Writes down how a delivery ended: what becomes of the job, and who must hear of it, are one transaction. */
export async function recordOutcome(tx: Tx, outbox: Outbox, attempt: Attempt, result: DeliveryResult): Promise<void> {
  const { job } = attempt;
  // Nothing was posted, as where a request was withdrawn before its slot, or it waits for something else.
  if (job.slot && !('slot' in result && result.slot)) await pacing.giveBack(tx, job);
  switch (result.status) {
    case 'delivered': {
      await store.complete(tx, job);
      await outbox.enqueue(tx, result.effects ?? [], result.priority ?? 'bulk');
      await outbox.enqueue(tx, [...attempt.copies.values()], 'clock', lookAgainAfter);
      const { destination, cause } = job;
      if (destination && cause) await incidents.resolve(tx, outbox.enqueue, { destination, cause });
      return;
    }
    case 'postponed':
      return store.postpone(tx, job, result);
    case 'retry':
      await store.retry(tx, job, result.seconds ?? 0, result.needsHuman ? result : undefined);
      if (result.needsHuman) await outbox.enqueue(tx, await incidents.open(tx, result));
      return;
    case 'dead':
      // A report that cannot be delivered is neither reported nor kept: the log has it.
      if (job.effect.kind === 'trouble') return store.complete(tx, job);
      await store.bury(tx, job, result);
      await outbox.enqueue(tx, await incidents.reportDead(tx, result));
  }
}

/** Logs what did not arrive, and what happens next. */
export function logOutcome(log: OutboxLog, job: Job, result: DeliveryResult): void {
  const about = aboutJob(job);
  if (result.status === 'postponed') log.debug({ ...about, seconds: result.seconds }, 'outbox job postponed');
  if (result.status !== 'retry' && result.status !== 'dead') return;
  const { destination, cause, error } = result;
  const failed = { ...about, destination, cause, ...(error ? { err: error } : {}) };
  if (result.status === 'retry') {
    const seconds = Math.round(result.seconds ?? 0);
    log.warn({ ...failed, seconds }, `outbox error, will retry in ${seconds} s: ${result.remedy ?? cause}`);
  } else {
    log.error(failed, `outbox error, dead letter (${cause}): kept until it is redriven, npm run outbox`);
  }
}

/** Logs an attempt that could not be brought to an end. */
export function logFailure(log: OutboxLog, job: Job, error: unknown): void {
  const about = { err: error, ...aboutJob(job) };
  if (error instanceof store.LeaseLost)
    log.warn(about, 'outbox delivery cut off, another worker has the job or takes it over');
  else log.error(about, 'outbox error, will retry when the lease has ended');
}

const aboutJob = ({ id, lane, attempt, effect }: Job) => ({ job: id, lane, attempt, effect });
