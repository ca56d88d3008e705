/** Dead letters: what could not be delivered and is kept, counted, listed and put back. */
import { sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import type { Db } from '../db.ts';
import * as troubles from './incidents.ts';
import { deadLetters, mailQueue, mainQueue } from './jobs.ts';
import type { Which } from './types.ts';

/** A message that was put aside: what it was about, where it should have gone, and why it did not arrive. */
export type DeadLetter = {
  kind: Effect['kind'];
  /** Null for what is about no single registration, such as a reminder. */
  registration: number | null;
  place: string;
  why: string;
  /** When its effect was put into the outbox, and when it was given up. */
  since: Date;
  at: Date;
};

/** How many there are: of one trouble, or of all. The states are named as pg-boss's own index names them, so that it answers. */
export async function count({ tables }: Pick<Db, 'tables'>, which: Which = {}): Promise<number> {
  const [row] = await tables.execute<{ count: number }>(sql`
    select count(*)::int as count from pgboss.job
    where name = ${deadLetters} and state in ('created', 'retry', 'active', 'failed') and data @> ${JSON.stringify(which)}::jsonb`);
  return row?.count ?? 0;
}

/** The oldest of them, in the order in which they were put aside. */
export async function list({ tables }: Pick<Db, 'tables'>, limit: number): Promise<DeadLetter[]> {
  const rows = await tables.execute<Record<keyof DeadLetter, string>>(sql`
    select data->>'kind' as kind, data->>'registration' as registration,
      coalesce(data->>'place', '') as place, coalesce(data->>'why', '') as why,
      coalesce((data->>'since')::timestamptz, source_created_on, created_on)::text as since, created_on::text as at
    from pgboss.job where name = ${deadLetters} and state in ('created', 'retry', 'active', 'failed') order by created_on, id limit ${limit}`);
  return rows.map(({ kind, registration, place, why, since, at }) => ({
    kind: kind as Effect['kind'],
    registration: registration === null ? null : Number(registration),
    place,
    why,
    since: new Date(since),
    at: new Date(at),
  }));
}

/**
 * Sees to what pg-boss itself put aside, because the process died at the last attempt: a human is told as of any other,
 * and the failed job, whose copy is kept, no longer holds back what comes after it.
 */
export async function sweep(db: Db): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const found = await tx.execute<{ data: Effect }>(sql`
      update pgboss.job set data = data || '{"why": "crashed", "place": "cards", "unsure": true}'
        || jsonb_build_object('since', coalesce(data->>'since', source_created_on::text))
      where name = ${deadLetters} and data->>'why' is null returning data`);
    await tx.execute(sql`delete from pgboss.job where name in (${mainQueue}, ${mailQueue}) and state = 'failed'`);
    if (found.length > 0) {
      await db.outbox.enqueue(tx, await troubles.happened(tx, { place: 'cards', why: 'crashed' }));
    }
  });
}
