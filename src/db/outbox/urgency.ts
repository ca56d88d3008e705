/** What becomes more urgent while it waits: what is before a user's job in its lane, and what a user's act makes urgent. */
import { sql } from 'drizzle-orm';
import type { Priority } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import { outbox } from '../schema/outbox.ts';

export const priorities = { act: 0, clock: 1, bulk: 2 } as const satisfies Record<Priority, number>;

/** How much of a lane is raised at once, and how soon more is, in seconds: far sooner than so many are delivered. */
const raised = 200;
const raisesAgainIn = 1;

/** Raises what is before a user's job in its lane to the priority of that: the first of it, and later the others. */
export async function raise(tx: Tx, { id, lane }: { id: number; lane: string }): Promise<void> {
  // The lane as a range, and its order: of a lane that most jobs are in, PostgreSQL would read what is before it as well.
  const found = await tx.execute(sql`
    update ${outbox} set priority = 0 where id = any (array(
      select id from ${outbox} where lane between ${lane} and ${lane} and id < ${id} and priority > 0 and dead_at is null
      order by lane, id limit ${raised} for update skip locked))
    returning id`);
  // In front it is looked at again, and blocked again where there is more.
  if (found.length === raised)
    await tx.execute(sql`
      update ${outbox} set front = true, run_at = clock_timestamp() + make_interval(secs => ${raisesAgainIn}) where id = ${id}`);
}

/** Has what waits in lanes tried at once and as what follows a person's act, also where it has failed and was to wait. */
export async function hurry(tx: Tx, lanes: string[]): Promise<void> {
  const wanted = sql`select value from jsonb_array_elements_text(${JSON.stringify(lanes)}::jsonb)`;
  await tx.execute(sql`
    update ${outbox} set run_at = least(run_at, clock_timestamp()), priority = 0 where id in (
      select id from ${outbox} where lane in (${wanted}) and not leased and dead_at is null order by id
      for update skip locked)`);
}
