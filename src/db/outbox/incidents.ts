/**
 * Troubles: what stays undelivered until a human mends something. Each is one row, for a place and a cause, so that
 * a human is told of the cause and not of each message. By the database's clock, which all replicas share.
 */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { fromDrizzle, type PgBoss } from 'pg-boss';
import type { Effect } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { troubles } from '../schema/delivery.ts';
import { deadLetters, mailQueue, mainQueue } from './jobs.ts';
import type { Which } from './types.ts';

/** Where nothing arrives, and Slack's (or the mail server's) word for why. */
export type Trouble = { place: string; why: string };
/** A human hears of the same trouble at most this often. */
const atMostEvery = sql`interval '1 hour'`;
/** The columns keep milliseconds. */
const now = sql`date_trunc('milliseconds', now())`;

/** The place of what goes to people, or belongs to no channel that is known. */
export function placeOf(effect: Effect): string {
  if ('channel' in effect) return effect.channel;
  if (effect.kind === 'notice' || effect.kind === 'owner') return 'direct';
  return effect.kind === 'card' || effect.kind === 'orphan' ? 'cards' : effect.kind === 'mail' ? 'mail' : 'home';
}

/** The trouble that an attempt ended in, as its job keeps it. */
export function read(output: unknown): Trouble | undefined {
  const { place, why }: Partial<Record<string, unknown>> = Object(output);
  return typeof place === 'string' && typeof why === 'string' ? { place, why } : undefined;
}

/** Nothing arrives at a place while retries go on: a human is told when that begins, and not again while it stands. */
export async function stands(tx: Tx, { place, why }: Trouble): Promise<Effect[]> {
  const [row] = await tx.execute<{ tell: string | null }>(sql`
    insert into ${troubles} as t (place, why, since, told_at) values (${place}, ${why}, ${now}, ${now})
    on conflict (place, why) do update set
      since = case when t.over_at is null then t.since else ${now} end,
      over_at = null,
      told_at = case when coalesce(t.told_at, '-infinity') < now() - ${atMostEvery} then ${now} else t.told_at end
    where t.over_at is not null or (t.told_at < t.since and t.told_at < now() - ${atMostEvery})
    returning case when told_at = ${now} then told_at end::text as tell`);
  return telling({ place, why }, row?.tell);
}

/** A message was put aside for good: a human is told, once an hour however many there are. */
export async function happened(tx: Tx, { place, why }: Trouble): Promise<Effect[]> {
  const [row] = await tx.execute<{ tell: string | null }>(sql`
    insert into ${troubles} as t (place, why, since, over_at, told_at) values (${place}, ${why}, ${now}, ${now}, ${now})
    on conflict (place, why) do update set told_at = ${now}
    where coalesce(t.told_at, '-infinity') < now() - ${atMostEvery}
    returning told_at::text as tell`);
  return telling({ place, why }, row?.tell);
}

const telling = (trouble: Trouble, at: string | null | undefined): Effect[] =>
  at ? [{ kind: 'trouble', ...trouble, at }] : [];

/** A place can be reached again (of this cause, or of all): what waits for it is tried at once, what died of it is put back. */
export async function mend(tx: Tx, boss: PgBoss, { place, why }: { place: string; why?: string }): Promise<void> {
  const over = await tx
    .update(troubles)
    .set({ overAt: now })
    .where(
      and(eq(troubles.place, place), isNull(troubles.overAt), why === undefined ? undefined : eq(troubles.why, why)),
    )
    .returning({ why: troubles.why });
  for (const mended of over) {
    await tx.execute(sql`
      update pgboss.job set start_after = now()
      where name in (${mainQueue}, ${mailQueue}) and state = 'retry' and output @> ${JSON.stringify({ place, ...mended })}::jsonb`);
    await redrive(tx, boss, { place, ...mended });
  }
}

/** Puts dead letters back into the outbox; without a filter, all of them. Says how many. */
export async function redrive(tx: Tx, boss: PgBoss, which: Which): Promise<number> {
  const db = fromDrizzle(tx, sql);
  // What is left after the e-mail belongs to the other queue.
  const letters = { destination: mailQueue, data: { kind: 'mail', ...which }, limit: 100_000, db };
  const others = { destination: mainQueue, data: { ...which }, limit: 100_000, db };
  const moved = (await boss.redrive(deadLetters, letters)) + (await boss.redrive(deadLetters, others));
  // All of them begin at this transaction's moment: what tells of the same registration keeps its order.
  await tx.execute(sql`
    update pgboss.job j set created_on = now() + n.nth * interval '1 microsecond'
    from (
      select id, row_number() over (order by data->>'since', (data->>'version')::int) as nth from pgboss.job
      where name in (${mainQueue}, ${mailQueue}) and state = 'created' and created_on = now() and data->>'unsure' = 'true') n
    where j.name in (${mainQueue}, ${mailQueue}) and j.id = n.id`);
  return moved;
}

/** What is known of a trouble; undefined where it never was. */
export async function find(db: Db, { place, why }: Trouble) {
  const [row] = await db.tables
    .select()
    .from(troubles)
    .where(and(eq(troubles.place, place), eq(troubles.why, why)));
  return row;
}

/** Takes channels that cannot be posted to, to look whether that is still so: those not looked at for longest. */
export async function toCheck(db: Db, limit: number): Promise<string[]> {
  const taken = await db.tables.execute<{ place: string }>(sql`
    update ${troubles} set checked_at = now() where place in (
      select place from ${troubles} where over_at is null and place ~ '^[CG]'
      group by place order by min(checked_at) nulls first limit ${limit})
    and over_at is null returning place`);
  return [...new Set(taken.map(({ place }) => place))];
}
