/**
 * What has stopped goes on: dead letters that are redriven, and what waits for an incident that was resolved. Whatever it
 * was before, it is bulk now: a week of messages does not go before those of the people who act today.
 */
import { and, eq, gt, not, type SQL, sql } from 'drizzle-orm';
import type { Drizzle } from '../client.ts';
import { outbox } from '../schema/outbox.ts';
import { type IncidentFilter, matching } from './dead-letters.ts';
import { outboxChannel } from './store.ts';
import type { Incident } from './types.ts';
import { priorities } from './urgency.ts';

/** A batch: how many jobs are due again, and the last of them. `after` is undefined at the end. */
export type Batch = { count: number; after: number | undefined };

/** How many become due in one transaction. */
const batchSize = 500;

/** Redrives a batch of the dead letters after an id; each keeps its place in its lane. */
export const redrive = (db: { tables: Drizzle }, filter: IncidentFilter, after: number): Promise<Batch> =>
  setGoing(db, after, matching(filter));

/** Redrives all of them, batch by batch. Returns how many. */
export async function redriveAll(db: { tables: Drizzle }, filter: IncidentFilter): Promise<number> {
  let total = 0;
  for (let next: number | undefined = 0; next !== undefined; ) {
    const { count, after } = await redrive(db, filter, next);
    total += count;
    next = after;
  }
  return total;
}

/** Retries at once a batch of what failed by an incident, whether it waits to be retried or is a dead letter. */
export const resume = (db: { tables: Drizzle }, { destination, cause }: Incident, after: number): Promise<Batch> =>
  setGoing(db, after, and(eq(outbox.destination, destination), eq(outbox.cause, cause), not(outbox.leased)));

/**
 * Redrives them in the order of their ids, each once: what fails again meanwhile is not met again. What another session has locked is just
 * being ended, and needs no push.
 */
async function setGoing({ tables }: { tables: Drizzle }, after: number, which: SQL | undefined): Promise<Batch> {
  const [row] = await tables.execute<{ count: number; last: string | null }>(sql`
    with batch as (
      select id from ${outbox} where ${and(which, gt(outbox.id, after))}
      order by id limit ${batchSize} for update skip locked),
    going as (
      update ${outbox} job set
        priority = ${priorities.bulk}, dead_at = null, destination = null, cause = null, unsure = true, run_at = clock_timestamp(),
        front = job.front or job.dead_at is not null,
        retries = case when job.dead_at is null then job.retries else 0 end,
        give_up_at = case when job.dead_at is null then job.give_up_at else now() + interval '7 days' end
      from batch where job.id = batch.id returning job.id)
    select count(*)::int as count, max(id) as last, pg_notify(${outboxChannel}, '') from going`);
  const { count = 0, last = null } = row ?? {};
  return { count, after: count === batchSize ? Number(last) : undefined };
}
