/**
 * Channels whose id has changed. Slack gives a private channel a new one when it is shared with another organization, and refuses
 * every call with the old one (https://docs.slack.dev/reference/events/channel_id_changed). Its messages stay what they were.
 */
import { and, eq, gt, isNull, or, type SQL, sql } from 'drizzle-orm';
import { publishInvalidation } from './cache-invalidation.ts';
import type { Tx } from './client.ts';
import type { Db } from './db.ts';
import * as incidents from './outbox/incidents.ts';
import { ownerless } from './schema/applications.ts';
import { registrations, services } from './schema/core.ts';
import { outbox } from './schema/outbox.ts';
import { channelTurns, policyInForce, reminderMessages } from './schema/scheduling.ts';
import { channelIds } from './schema/workspace.ts';
import { moveService } from './service/services.ts';

type Change = { from: string; to: string };

/** Reads the present id of each channel whose id has changed. */
export async function read({ tables }: Pick<Db, 'tables'>): Promise<ReadonlyMap<string, string>> {
  const rows = await tables.select().from(channelIds);
  return new Map(rows.map(({ old, current }) => [old, current]));
}

/** Records that Slack has changed an id, and tells every replica. */
export async function recordChange(db: Db, { from, to }: Change): Promise<void> {
  await db.tables.transaction(async (tx) => {
    await tx.delete(channelIds).where(eq(channelIds.old, to));
    await tx.update(channelIds).set({ current: to }).where(eq(channelIds.current, from));
    await tx
      .insert(channelIds)
      .values({ old: from, current: to })
      .onConflictDoUpdate({
        target: channelIds.old,
        set: { current: to, movedAt: null },
      });
  });
  await publishInvalidation(db, from);
}

/** Selects the present id of a channel, for a row that records where a message was posted: the id may have changed meanwhile. */
export const currentId = (channel: string): SQL<string> =>
  sql`coalesce((select current from ${channelIds} where old = ${channel}), ${channel})`;

/** How many registrations and jobs are changed in one transaction. */
const batch = 1_000;

/**
 * Changes the ids that are recorded, wherever a row names them, and has what shows pending requests updated. Idempotent: what is
 * interrupted is continued by the next call. For an hour it looks again: what was being delivered or decided when the id changed
 * may have written the old one since.
 */
export async function moveRows(db: Db, adminChannel: string, at: Date): Promise<void> {
  const recent = gt(channelIds.movedAt, sql`now() - interval '1 hour'`);
  const rows = await db.tables
    .select()
    .from(channelIds)
    .where(or(isNull(channelIds.movedAt), recent));
  for (const { old, current, movedAt } of rows) {
    const change = { from: old, to: current };
    const cards = await inBatches(() => moveRegistrations(db, change));
    await db.tables.transaction((tx) => moveMessages(tx, db, change));
    await inBatches(() => moveJobs(db, change));
    await moveServices(db, change, at);
    if (movedAt === null || cards > 0) await db.tables.transaction((tx) => showPending(tx, db, change, adminChannel));
  }
}

/** Repeats a change until a batch of it is not full. Returns how many rows were changed in all. */
async function inBatches(change: () => Promise<number>): Promise<number> {
  const changed = await change();
  return changed < batch ? changed : changed + (await inBatches(change));
}

async function moveRegistrations({ tables }: Db, { from, to }: Change): Promise<number> {
  const moved = (column: 'card_channel' | 'reminded_in' | 'escalated_in') =>
    sql`${sql.raw(column)} = case ${sql.raw(column)} when ${from} then ${to} else ${sql.raw(column)} end`;
  const rows = await tables.execute(sql`
    update ${registrations} set ${moved('card_channel')}, ${moved('reminded_in')}, ${moved('escalated_in')}
    where id in (
      select id from ${registrations} where ${from} in (card_channel, reminded_in, escalated_in)
      order by id limit ${batch} for update)
    returning id`);
  return rows.length;
}

async function moveMessages(tx: Tx, db: Db, { from, to }: Change): Promise<void> {
  await tx.execute(sql`
    update ${reminderMessages} set channel = ${to}
    where channel = ${from} and not exists (select from ${reminderMessages} where channel = ${to})`);
  await tx.update(ownerless).set({ channel: to }).where(eq(ownerless.channel, from));
  await tx.delete(channelTurns).where(eq(channelTurns.channel, from));
  // The settings on who decides are still the same: no replica is out of date.
  await tx.execute(sql`update ${policyInForce} set policy = replace(policy, ${`"${from}"`}, ${`"${to}"`})`);
  await incidents.resolve(tx, db.outbox.enqueue, { destination: from });
}

/** Changes what waits in the outbox, also where it has failed because the old id is no more. */
async function moveJobs({ tables }: Db, { from, to }: Change): Promise<number> {
  const [old, current] = [`"${from}"`, `"${to}"`];
  const rows = await tables.execute(sql`
    update ${outbox} set effect = replace(effect::text, ${old}, ${current})::jsonb,
      destination = case destination when ${from} then ${to} else destination end
    where id in (
      select id from ${outbox} where destination = ${from} or strpos(effect::text, ${old}) > 0
      order by id limit ${batch} for update)
    returning id`);
  return rows.length;
}

async function moveServices(db: Db, { from, to }: Change, at: Date): Promise<void> {
  const found = await db.tables.select({ id: services.id }).from(services).where(eq(services.channel, from));
  for (const { id } of found) await moveService(db, id, { from, to, at });
}

/** Has the cards, Homes and reminders of what waits in the channel updated: they name it. */
async function showPending(tx: Tx, db: Db, { from, to }: Change, adminChannel: string): Promise<void> {
  const waiting = await tx.execute<{ id: string; version: number }>(sql`
    select id, version from ${services} s
    where coalesce(channel, ${adminChannel}) = ${to}
      and exists (select from ${registrations} where service_id = s.id and status = 'pending')
    order by id`);
  const effects = waiting.flatMap(({ id, version }) => [
    { kind: 'service' as const, service: Number(id), after: 0 },
    { kind: 'queues' as const, service: Number(id), version },
  ]);
  await db.outbox.enqueue(tx, effects, 'bulk');
  await tx
    .update(channelIds)
    .set({ movedAt: sql`now()` })
    .where(and(eq(channelIds.old, from), eq(channelIds.current, to)));
}
