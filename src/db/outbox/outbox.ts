/**
 * The outbox: effects are jobs, inserted in the transaction of the change that causes them, so that nothing is said that did
 * not happen and nothing that happened goes unsaid. A worker delivers them, and here is written down how each ended.
 */
import {
  type CopiesEffect,
  destinationOf,
  type Effect,
  effectKinds,
  gatewayQueue,
  laneOf,
  priorityOf,
  queueNameOf,
  queueOf,
} from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import type { Connection, Drizzle, Tx } from '../client.ts';
import * as pacing from './channel-pacing.ts';
import * as incidents from './incidents.ts';
import * as store from './store.ts';
import type { Attempt, Deliver, DeliveryResult, Outbox } from './types.ts';
import { startWorker, type Worker } from './worker.ts';

/** What the outbox writes to the log. */
export type OutboxLog = Record<'debug' | 'warn' | 'error', (about: object, message: string) => void>;

/** Creates what effects are put into. Without a mail server (`mail`), e-mail is not kept. */
export function createOutbox({ mail = false } = {}): Outbox {
  return {
    async enqueue(tx, effects, priority) {
      const wanted = effects.filter(({ kind }) => mail || queueOf(kind) !== 'outbox-mail');
      const jobs = (priority === 'bulk' ? inStages(wanted) : wanted).map((effect) => jobOf(effect, priority));
      await store.enqueue(tx, jobs);
    },
  };
}

const jobOf = (effect: Effect, priority = priorityOf(effect.kind)): store.NewJob => ({
  queue: queueNameOf(effect),
  lane: laneOf(effect),
  priority,
  effect,
});

/**
 * How long after a message whose earlier attempt had an unknown end Slack is asked for copies of it, in seconds. A Slack that
 * is slow has stored what we had given up by then.
 */
export const lookAgainAfter = 120;

/** How many bulk jobs go in at once, and with how many lanes of them waiting the next stage waits. */
const stageSize = 50;
const maxWaiting = 200;

function inStages(effects: Effect[]): Effect[] {
  if (effects.length <= stageSize) return effects;
  return inParts(effects, stageSize).map((some) => ({ kind: 'staged', effects: some }));
}

/** Delivers a stage: its effects go in where there is room for them. */
export async function deliverStage(db: { tables: Drizzle }, effects: Effect[]): Promise<DeliveryResult> {
  if (await store.isBusyWithBulk(db, maxWaiting)) return { status: 'postponed', seconds: 1 };
  return { status: 'delivered', effects };
}

/** Starts delivering. Without a mail server, e-mail is left to the replicas that have one. */
export function startDelivering(
  { tables, listen }: Pick<Connection, 'tables' | 'listen'>,
  outbox: Outbox,
  {
    deliver,
    log,
    mail = false,
    gateways = [],
    restoredAt,
  }: { deliver: Deliver; log: OutboxLog; mail?: boolean; gateways?: string[]; restoredAt?: Date | undefined },
): Worker {
  const main = { name: 'outbox', concurrency: 12, reserved: 4 };
  // A mail server may keep a letter for minutes.
  const letters = { name: 'outbox-mail', concurrency: 4, reserved: 0 };
  const atGateways = gateways.map((name) => ({ name: gatewayQueue(name), concurrency: 4, reserved: 1 }));
  return startWorker(
    { tables },
    { listen },
    {
      queues: [main, ...(mail ? [letters] : []), ...atGateways],
      process: async (job, signal) => {
        try {
          const copies = new Map<string, CopiesEffect>();
          const result = await resultOf(job, signal, copies);
          await tables.transaction((tx) => recordOutcome(tx, job, result, [...copies.values()]));
          report(job, result);
        } catch (error) {
          const about = { err: error, ...aboutJob(job) };
          if (error instanceof store.LeaseLost) log.warn(about, 'outbox lease lost, another worker has the job');
          else log.error(about, 'outbox error, will retry when the lease has ended');
        }
      },
      onError: (error, action) => log.error({ err: error, action }, 'outbox error: the database, will retry'),
    },
  );

  async function resultOf(job: store.Job, signal: AbortSignal, copies: Map<string, CopiesEffect>): Promise<Outcome> {
    const { effect } = job;
    // A newer version's, which runs next to this one.
    if (!isKnown(effect)) return { status: 'retry', ...unknownKind, delay: unknownKindDelay, error: undefined };
    const destination = destinationOf(effect);
    if (job.crashed && job.expired) return { status: 'dead', destination, cause: 'crashed', error: undefined };
    const result = await deliver(effect, attemptOf(job, signal, copies)).catch(
      (error): DeliveryResult => ({
        status: 'retry',
        destination,
        cause: error instanceof Error ? error.name : 'unknown',
        needsHuman: false,
        error,
      }),
    );
    if (signal.aborted) throw new store.LeaseLost(job);
    if (result.status === 'retry') {
      if (job.expired) return { ...result, status: 'dead' };
      const lasts = result.refused === true && job.retries >= lastingAfter;
      return { ...result, needsHuman: result.needsHuman || lasts, delay: backoff(job.retries) };
    }
    return result;
  }

  function attemptOf(job: store.Job, signal: AbortSignal, copies: Map<string, CopiesEffect>): Attempt {
    return {
      job,
      isFirst: !job.unsure,
      enqueuedAt: job.enqueuedAt,
      age: job.age,
      unsureUntil: job.unsureUntil,
      restoredAt,
      slot: job.slot,
      progress: job.progress,
      write: (work) =>
        tables.transaction(async (tx) => {
          await store.keep(tx, job);
          return work({ tables: Object.assign(tx, { transaction: joining(tx) }), outbox });
        }),
      saveProgress: (progress) => store.saveProgress({ tables }, job, progress),
      lookAgain: (message) =>
        copies.set(JSON.stringify([message.channel, message.marker]), { kind: 'copies', of: job.lane, ...message }),
      signal,
    };
  }

  /** Writes down how a delivery ended: what becomes of the job, and who must hear of it, are one transaction. */
  async function recordOutcome(tx: Tx, job: store.Job, result: Outcome, copies: CopiesEffect[]): Promise<void> {
    switch (result.status) {
      case 'delivered':
        // Nothing was posted, as where a request was withdrawn before its turn.
        if (job.slot) await pacing.giveBack(tx, job);
        await store.complete(tx, job);
        if (result.effects) await outbox.enqueue(tx, result.effects, result.priority ?? 'bulk');
        await store.enqueue(
          tx,
          copies.map((effect) => ({ ...jobOf(effect), seconds: lookAgainAfter })),
        );
        if (job.incident) await incidents.resolve(tx, outbox.enqueue, job.incident);
        return;
      case 'postponed':
        return store.postpone(tx, job, result);
      case 'retry': {
        await store.retry(tx, job, result.delay, result.needsHuman ? result : undefined);
        if (result.needsHuman) await outbox.enqueue(tx, await incidents.open(tx, result));
        return;
      }
      case 'dead':
        // A report that cannot be delivered is neither reported nor kept: the log has it.
        if (job.effect.kind === 'trouble') return store.complete(tx, job);
        await store.bury(tx, job, result);
        await outbox.enqueue(tx, await incidents.reportDead(tx, result));
    }
  }

  /** Logs what did not arrive, and what happens next. */
  function report(job: store.Job, result: Outcome): void {
    const about = aboutJob(job);
    if (result.status === 'postponed') log.debug({ ...about, seconds: result.seconds }, 'outbox job postponed');
    if (result.status !== 'retry' && result.status !== 'dead') return;
    const { destination, cause, error } = result;
    const failed = { ...about, destination, cause, ...(error ? { err: error } : {}) };
    if (result.status === 'retry') {
      const seconds = Math.round(result.delay);
      log.warn({ ...failed, seconds }, `outbox error, will retry in ${seconds} s: ${result.remedy ?? cause}`);
    } else {
      log.error(failed, `outbox error, dead letter (${cause}): kept until it is redriven, npm run outbox`);
    }
  }
}

/** What begins a transaction within another is a part of it. */
const joining =
  (tx: Tx) =>
  <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    work(tx);

/** A delivery's result with what becomes of the job. `delay`: until the retry, in seconds. */
type Outcome =
  | Extract<DeliveryResult, { status: 'delivered' | 'postponed' | 'dead' }>
  | (Extract<DeliveryResult, { status: 'retry' }> & { delay: number });

const unknownKind = {
  destination: 'database',
  cause: 'unknown_kind',
  needsHuman: false,
  remedy: 'a newer version delivers it',
};
const unknownKindDelay = 5;

const isKnown = (effect: { kind: string }): effect is Effect => effectKinds.some((kind) => kind === effect.kind);

/** A refusal that is still there at this retry, after some four minutes, does not pass by itself. */
const lastingAfter = 8;

/** Returns 1, 2, 4 … 300 seconds, give or take a quarter: what failed together does not come back together. */
const backoff = (retries: number): number => Math.min(300, 2 ** retries) * (0.75 + Math.random() / 2);

const aboutJob = ({ id, lane, attempt, effect }: store.Job) => ({ job: id, lane, attempt, effect });
