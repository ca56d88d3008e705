/** How a delivery's end is written down: what becomes of its job, and who must hear of it, are one transaction. */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobResult, type JobWithMetadata, type PgBoss } from 'pg-boss';
import type { Effect } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import * as troubles from './incidents.ts';
import { deadLetters, type Job, standingOf } from './jobs.ts';
import type { Deliver, Delivery, Enqueue } from './types.ts';

/** A delivery that Slack's rate limit puts off for longer than this is given up, in milliseconds: nothing is tried for ever. */
const patience = 14 * 24 * 60 * 60 * 1000;

type Taken = JobWithMetadata<Job>;

/** Has a worker of a queue look for what is due in so many seconds. */
type Wake = (queue: string, seconds: number) => void;

/** How a delivery ended that did not end well. */
type Bad = Exclude<Delivery, { end: 'delivered' }>;

export function settle(boss: PgBoss, tables: Db['tables'], deliver: Deliver, enqueue: Enqueue, wake: Wake) {
  return async (job: Taken, { alone }: { alone: boolean }): Promise<JobResult> => {
    const { since = job.createdOn.toISOString(), unsure = false, turn, ...effect } = job.data;
    const first = job.retryCount === 0 && !unsure;
    const delivery = await deliver(effect, { first, since: new Date(since), turn: turn ? new Date(turn) : undefined });
    if (delivery.end === 'delivered') {
      const trouble = troubles.read(job.output);
      if (trouble) await tables.transaction((tx) => troubles.mend(tx, boss, trouble));
      // What comes after it does not wait for what was taken beside it.
      if (!alone) await boss.complete(job.name, job);
      return { id: job.id, status: 'completed' };
    }
    await tables.transaction((tx) => end(tx, job, { effect, since, first }, delivery));
    if (delivery.end === 'later') wake(job.name, delivery.seconds);
    // It has ended already. pg-boss finds nothing left to settle, for it settles what is still this attempt's.
    return { id: job.id, status: 'completed' };
  };

  async function end(tx: Tx, job: Taken, known: { effect: Effect; since: string; first: boolean }, delivery: Bad) {
    // An attempt that was given up for dead may end all the same; what it says no longer counts.
    if (!(await isOurs(tx, job))) return;
    const { effect, first } = known;
    const db = fromDrizzle(tx, sql);
    const { place, why } =
      delivery.end === 'later' ? { place: troubles.placeOf(effect), why: 'ratelimited' } : delivery;
    const trouble = { place, why };
    if (delivery.end === 'later' && Date.now() - job.createdOn.getTime() < patience) {
      const data = {
        ...effect,
        since: known.since,
        // Who only waited for a turn has not been tried yet.
        unsure: !(first && delivery.turn),
        ...(delivery.turn ? { turn: delivery.turn.toISOString() } : {}),
      };
      await putOff(tx, job, data, delivery.turn ?? delivery.seconds);
    } else if (delivery.end === 'again' && job.retryCount < job.retryLimit) {
      await again(tx, job, delivery.stands ? trouble : undefined);
      if (delivery.stands) await enqueue(tx, await troubles.stands(tx, trouble));
    } else {
      await boss.complete(job.name, job, null, { db });
      // Nobody is told of what could not be told, nor is it kept: the log has it.
      if (effect.kind === 'trouble') return;
      const letter = { ...effect, since: known.since, unsure: true, ...trouble };
      await boss.send(deadLetters, letter, { ...standingOf(effect), db });
      await enqueue(tx, await troubles.happened(tx, trouble));
    }
  }

  /**
   * Waiting is no failure: it takes nothing from the number of tries and slows none of them down, so a new job goes on for
   * this one. It stands where this one stood, as one that failed would: so it holds back what comes after it.
   */
  async function putOff(tx: Tx, job: Taken, data: Job, startAfter: Date | number): Promise<void> {
    const db = fromDrizzle(tx, sql);
    await boss.complete(job.name, job, null, { db });
    const id = await boss.send(job.name, data, { ...standingOf(data), startAfter, db });
    await tx.execute(sql`
      update pgboss.job set state = 'retry', created_on = ${job.createdOn.toISOString()}::timestamptz,
        output = ${outputOf(troubles.read(job.output))}::jsonb
      where name = ${job.name} and id = ${id}`);
  }

  /** Has it tried again, more slowly each time; meanwhile it holds back what comes after it. `output` stays with it. */
  async function again(tx: Tx, job: Taken, output: object | undefined): Promise<void> {
    await boss.fail(job.name, job, null, { db: fromDrizzle(tx, sql) });
    // Not by pg-boss, whose adapter hands the object to a driver that takes text.
    await tx.execute(sql`
      update pgboss.job set output = ${outputOf(output)}::jsonb where name = ${job.name} and id = ${job.id}`);
  }
}

const outputOf = (output: object | undefined): string => JSON.stringify(output ?? {});

async function isOurs(tx: Tx, { name, id, retryCount }: Taken): Promise<boolean> {
  const held = await tx.execute(sql`
    select from pgboss.job where name = ${name} and id = ${id} and state = 'active' and retry_count = ${retryCount} for update`);
  return held.length === 1;
}
