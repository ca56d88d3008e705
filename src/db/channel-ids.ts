/**
 * Channels whose id has changed. Slack gives a private channel a new one when it is shared with another organization, and refuses
 * every call with the old one (https://docs.slack.dev/reference/events/channel_id_changed). Its messages stay what they were.
 */
import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { publishInvalidation } from './cache-invalidation.ts';
import type { Tx } from './client.ts';
import type { Db } from './db.ts';
import * as incidents from './outbox/incidents.ts';
import { ownerless } from './schema/applications.ts';
import { registrations, services } from './schema/core.ts';
import { remindedApprovers } from './schema/direct-messages.ts';
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

/** How many registrations, jobs and services are looked at in one transaction. */
const batch = 5_000;

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
    const cards = await inBatches(db, 'registrations', (ids) => moveRegistrations(db, change, ids));
    await db.tables.transaction((tx) => moveMessages(tx, db, change));
    await inBatches(db, 'outbox', (ids) => moveJobs(db, change, ids));
    await inBatches(db, 'services', (ids) => moveServices(db, change, ids, at));
    if (movedAt !== null && cards === 0) continue;
    await inBatches(db, 'services', (ids) => showPending(db, change, ids, adminChannel));
    await db.tables
      .update(channelIds)
      .set({ movedAt: sql`now()` })
      .where(and(eq(channelIds.old, old), eq(channelIds.current, current)));
  }
}

/** Some rows of a table, by their ids: above the one, up to the other. */
type Ids = { above: string; upTo: string };

const within = ({ above, upTo }: Ids, id = 'id') =>
  sql`${sql.identifier(id)} > ${above} and ${sql.identifier(id)} <= ${upTo}`;

/** Goes through a table in the order of its ids, so many at a time. Returns how many rows were changed in all. */
async function inBatches(
  { tables }: Db,
  table: 'registrations' | 'outbox' | 'services',
  change: (ids: Ids) => Promise<number>,
): Promise<number> {
  let [above, changed] = ['0', 0];
  for (;;) {
    const [next] = await tables.execute<{ id: string | null }>(sql`
      select max(id)::text as id from (
        select id from ${sql.identifier(table)} where id > ${above} order by id limit ${batch}) part`);
    if (!next?.id) return changed;
    changed += await change({ above, upTo: next.id });
    above = next.id;
  }
}

async function moveRegistrations({ tables }: Db, { from, to }: Change, ids: Ids): Promise<number> {
  const moved = (column: 'card_channel' | 'reminded_in' | 'escalated_in') =>
    sql`${sql.raw(column)} = case ${sql.raw(column)} when ${from} then ${to} else ${sql.raw(column)} end`;
  const rows = await tables.execute(sql`
    update ${registrations} set ${moved('card_channel')}, ${moved('reminded_in')}, ${moved('escalated_in')}
    where id in (
      select id from ${registrations} where ${within(ids)} and ${from} in (card_channel, reminded_in, escalated_in)
      order by id for update)
    returning id`);
  // Where no one is named, a reminder has reached the channel.
  await tables.execute(sql`
    with old as (
      delete from ${remindedApprovers} where ${within(ids, 'registration_id')} and approver = ${from} returning registration_id)
    insert into ${remindedApprovers} (registration_id, approver) select registration_id, ${to} from old on conflict do nothing`);
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
async function moveJobs({ tables }: Db, { from, to }: Change, ids: Ids): Promise<number> {
  const [old, current] = [`"${from}"`, `"${to}"`];
  const rows = await tables.execute(sql`
    update ${outbox} set effect = replace(effect::text, ${old}, ${current})::jsonb,
      destination = case destination when ${from} then ${to} else destination end
    where id in (
      select id from ${outbox} where ${within(ids)} and (destination = ${from} or strpos(effect::text, ${old}) > 0)
      order by id for update)
    returning id`);
  return rows.length;
}

async function moveServices(db: Db, { from, to }: Change, ids: Ids, at: Date): Promise<number> {
  const found = await db.tables
    .select({ id: services.id })
    .from(services)
    .where(and(within(ids), eq(services.channel, from)))
    .orderBy(asc(services.id));
  for (const { id } of found) await moveService(db, id, { from, to, at });
  return found.length;
}

/** Has the cards, Homes and reminders of what waits in the channel updated: they name it. */
async function showPending(db: Db, { to }: Change, ids: Ids, adminChannel: string): Promise<number> {
  return db.tables.transaction(async (tx) => {
    const waiting = await tx.execute<{ id: string; version: number }>(sql`
      select id, version from ${services} s
      where ${within(ids)} and coalesce(channel, ${adminChannel}) = ${to}
        and exists (select from ${registrations} where service_id = s.id and status = 'pending')
      order by id`);
    const effects = waiting.flatMap(({ id, version }) => [
      { kind: 'service' as const, service: Number(id), after: 0 },
      { kind: 'queues' as const, service: Number(id), version },
    ]);
    await db.outbox.enqueue(tx, effects, 'bulk');
    return waiting.length;
  });
}
