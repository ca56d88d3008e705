/**
 * The outbox: effects are jobs, inserted in the transaction of the change that causes them, so that nothing is said that did
 * not happen and nothing that happened goes unsaid. A worker delivers them.
 */
import { gatewayQueue, laneOf, priorityOf, queueNameOf, queueOf } from '../../domain/effects.ts';
import type { Connection } from '../client.ts';
import { logFailure, logOutcome, type OutboxLog, recordOutcome, resultOf } from './outcomes.ts';
import { inStages } from './stages.ts';
import * as store from './store.ts';
import type { Attempt, Deliver, Outbox } from './types.ts';
import { startWorker, type Worker } from './worker.ts';

/** Creates what effects are put into. Without a mail server (`mail`), e-mail is not kept. */
export function createOutbox({ mail = false } = {}): Outbox {
  return {
    async enqueue(tx, effects, priority, seconds = 0) {
      const wanted = effects.filter(({ kind }) => mail || queueOf(kind) !== 'outbox-mail');
      const jobs = (priority === 'bulk' ? inStages(wanted) : wanted).map((effect) => ({
        queue: queueNameOf(effect),
        lane: laneOf(effect),
        priority: priority ?? priorityOf(effect.kind),
        effect,
        seconds,
      }));
      await store.enqueue(tx, jobs);
    },
  };
}

export type DeliveryOptions = {
  deliver: Deliver;
  log: OutboxLog;
  mail?: boolean;
  gateways?: string[];
  restoredAt?: Date | undefined;
};

/** Starts delivering. Without a mail server, e-mail is left to the replicas that have one. */
export function startDelivering(
  db: Pick<Connection, 'tables' | 'listen'>,
  outbox: Outbox,
  { deliver, log, mail = false, gateways = [], restoredAt }: DeliveryOptions,
): Worker {
  return startWorker(db, {
    queues: [
      { name: 'outbox', concurrency: 12, reserved: 4 },
      // A mail server may keep a letter for minutes.
      ...(mail ? [{ name: 'outbox-mail', concurrency: 4, reserved: 0 }] : []),
      ...gateways.map((name) => ({ name: gatewayQueue(name), concurrency: 4, reserved: 1 })),
    ],
    async process(job, signal) {
      const write: Attempt['write'] = (work) =>
        db.tables.transaction(async (tx) => {
          await store.keep(tx, job);
          return work({ tables: tx, outbox });
        });
      const attempt = { job, signal, restoredAt, copies: new Map(), write };
      try {
        const result = await resultOf(attempt, deliver);
        await db.tables.transaction((tx) => recordOutcome(tx, outbox, attempt, result));
        logOutcome(log, job, result);
      } catch (error) {
        // Cut off, it fails in one way or another, as where the pool has been closed.
        logFailure(log, job, signal.aborted ? signal.reason : error);
      }
    },
    onError: (error, action) => log.error({ err: error, action }, 'outbox error: the database, will retry'),
  });
}
