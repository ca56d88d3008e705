/**
 * Compares what a gateway has with what it should have: consumers page by page, and then what no page had. What differs is
 * looked at again by a job of its own, which alone changes anything. Costs what the gateway has, however many registrations
 * there are elsewhere.
 */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import type { Db } from '../db.ts';
import { applicationAccess, applicationKeys } from '../schema/access.ts';
import { applications } from '../schema/core.ts';
import { toBeRemovedAgain } from './keys.ts';
import { recordEvents, tellOwners } from './orders.ts';

/** A consumer under our tag: its application's public id, its groups and the ids of its keys. */
export type ConsumerFound = {
  application: string | null;
  consumer: string;
  groups: { group: string; ours: boolean }[];
  keys: { id: string }[];
};

/** What a comparison found: applications to look at again, consumers that belong to none, keys that are gone. */
export type Compared = { differing: number; unknown: string[]; lostKeys: number };

const isUuid = (text: string | null): text is string => text !== null && /^[0-9a-f-]{36}$/.test(text);

/** Keys that were made since then, in seconds before the comparison, may not have been there when the gateway was read. */
const newKeys = 120;

type Expected = { id: number; publicId: string; groups: string[] };

/** Lists what applications have at a gateway, as it was confirmed and as it is wanted, by their public ids. */
async function expectedOf({ tables }: Db, gateway: string, which: ReturnType<typeof sql>): Promise<Expected[]> {
  const rows = await tables.execute<{ id: string; public_id: string; groups: string[] | null }>(sql`
    select a.id, a.public_id, array_agg(x.group_name order by x.group_name) filter (where x.wanted) as groups
    from ${applications} a join ${applicationAccess} x on x.application_id = a.id and x.gateway = ${gateway}
    where ${which} group by a.id order by a.id`);
  return rows.map(({ id, public_id: publicId, groups }) => ({ id: Number(id), publicId, groups: groups ?? [] }));
}

/** Compares a page of consumers. Adds the applications that it had to `seen`. */
export async function comparePage(
  db: Db,
  gateway: string,
  page: ConsumerFound[],
  seen: Set<number>,
  at: Date,
): Promise<Compared> {
  const ids = page.map(({ application }) => application).filter(isUuid);
  const known = await db.tables
    .select({ id: applications.id, publicId: applications.publicId, deletedAt: applications.deletedAt })
    .from(applications)
    .where(inArray(applications.publicId, ids.length > 0 ? ids : ['00000000-0000-0000-0000-000000000000']));
  const list = sql`jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)`;
  const expected = new Map(
    (await expectedOf(db, gateway, sql`a.public_id::text in (select ${list})`)).map((one) => [one.publicId, one]),
  );
  const unknown: string[] = [];
  const differing = new Set<number>();
  const keysThere = new Map<number, string[]>();
  for (const { application, consumer, groups, keys } of page) {
    const row = known.find(({ publicId }) => publicId === application);
    if (!row) {
      unknown.push(consumer);
      continue;
    }
    seen.add(row.id);
    keysThere.set(
      row.id,
      keys.map(({ id }) => id),
    );
    const wanted = expected.get(row.publicId)?.groups ?? [];
    const ours = groups.filter((one) => one.ours || wanted.includes(one.group));
    const same = wanted.length === ours.length && ours.every((one) => one.ours && wanted.includes(one.group));
    if (!same || row.deletedAt) differing.add(row.id);
  }
  for (const id of await removeReturnedKeys(db, gateway, keysThere, at)) differing.add(id);
  await lookAgain(db, gateway, [...differing]);
  return { differing: differing.size, unknown, lostKeys: await loseKeys(db, gateway, keysThere, at) };
}

/** How many applications are compared in one statement. */
const batch = 500;

/** Finds the applications that have, or should have, something at a gateway, and that no page had. */
export async function compareMissing(db: Db, gateway: string, seen: Set<number>, at: Date): Promise<Compared> {
  const total: Compared = { differing: 0, unknown: [], lostKeys: 0 };
  for (let after = 0; ; ) {
    const rows = await expectedOf(
      db,
      gateway,
      sql`a.id in (select application_id from ${applicationAccess}
        where gateway = ${gateway} and application_id > ${after} and (wanted or open is distinct from false)
        group by application_id order by application_id limit ${batch})`,
    );
    const missing = rows.filter(({ id }) => !seen.has(id));
    await lookAgain(
      db,
      gateway,
      missing.map(({ id }) => id),
    );
    total.differing += missing.length;
    total.lostKeys += await loseKeys(db, gateway, new Map(missing.map(({ id }) => [id, []])), at);
    const last = rows.at(-1);
    if (!last || rows.length < batch) return total;
    after = last.id;
  }
}

/** Enqueues looks at applications, but for those that one waits for already. */
async function lookAgain(db: Db, gateway: string, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.tables.transaction(async (tx) => {
    const effects = ids.map((application): Effect => ({ kind: 'access', application, gateway }));
    const waiting = await tx.execute<{ lane: string }>(sql`
      select distinct lane from outbox where dead_at is null
        and lane in (select 'access:' || value || ':' || ${gateway}::text from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
    const lanes = new Set(waiting.map(({ lane }) => lane));
    const wanted = effects.filter(
      (effect) => effect.kind === 'access' && !lanes.has(`access:${effect.application}:${gateway}`),
    );
    await db.outbox.enqueue(tx, wanted, 'bulk');
  });
}

/**
 * Has keys removed again that were gone and are there: the gateway was restored from a backup, or one arrived after it was given
 * up. Returns whose they are. Keys that we do not know are others' business.
 */
async function removeReturnedKeys(db: Db, gateway: string, there: Map<number, string[]>, at: Date): Promise<number[]> {
  const ids = [...there.values()].flat().filter(isUuid);
  const returned = await db.tables
    .update(applicationKeys)
    .set(toBeRemovedAgain(at))
    .where(
      and(
        eq(applicationKeys.gateway, gateway),
        eq(applicationKeys.gone, true),
        sql`${applicationKeys.id} in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`,
      ),
    )
    .returning({ application: applicationKeys.applicationId });
  return returned.map(({ application }) => application);
}

/** Writes down the keys that the gateway has lost, and has the owners told to get new ones. */
async function loseKeys(db: Db, gateway: string, there: Map<number, string[]>, at: Date): Promise<number> {
  if (there.size === 0) return 0;
  const rows = await db.tables
    .select()
    .from(applicationKeys)
    .where(
      and(
        eq(applicationKeys.gateway, gateway),
        inArray(applicationKeys.applicationId, [...there.keys()]),
        sql`shown and not gone and removed_at is null and made_at < ${at.toISOString()}::timestamptz - make_interval(secs => ${newKeys})`,
      ),
    );
  const lost = rows.filter(({ id, applicationId }) => !there.get(applicationId)?.includes(id));
  for (const [application, keys] of Map.groupBy(lost, ({ applicationId }) => applicationId)) {
    await db.tables.transaction(async (tx) => {
      await tx.select({ id: applications.id }).from(applications).where(eq(applications.id, application)).for('update');
      for (const { id } of keys) {
        await tx.update(applicationKeys).set({ gone: true }).where(eq(applicationKeys.id, id));
        await tellOwners(tx, db, application, id, 'lost');
      }
      const events = keys.map(({ lastFour }) => ({ action: 'key-lost' as const, subject: lastFour }));
      await recordEvents(tx, { application, gateway }, events, null, at);
    });
  }
  return lost.length;
}

/** Whether an approved registration of an application that is there gives it a group. */
const backs = sql`r.status = 'approved' and s.id = r.service_id and a.id = r.application_id and a.deleted_at is null`;

/**
 * Enqueues looks where no job waits for one: something is not as it should be, a key is to be removed, or what was wanted at
 * the last look is not what the registrations say now, because a look was missed. At most `limit`; returns how many at each
 * gateway. Costs what has access, however many registrations there are without.
 */
export async function lookAtForgotten(db: Db, limit: number, at: Date): Promise<Map<string, number>> {
  const rows = await db.tables.execute<{ application: string; gateway: string }>(sql`
    select application, gateway from (
      select application_id as application, gateway from ${applicationAccess} where open is distinct from wanted
      union select application_id, gateway from ${applicationKeys}
        where not gone and (removed_at is not null or (not shown and made_at < ${at.toISOString()}::timestamptz - interval '2 minutes'))
      union select r.application_id, s.access->>'gateway' from services s, registrations r, applications a
        where s.access is not null and ${backs} and not exists (
          select from ${applicationAccess} x where x.application_id = r.application_id
            and x.gateway = s.access->>'gateway' and x.group_name = s.access->>'group' and x.wanted)
      union select x.application_id, x.gateway from ${applicationAccess} x
        where x.wanted and not exists (
          select from registrations r, services s, applications a where r.application_id = x.application_id and ${backs}
            and s.access->>'gateway' = x.gateway and s.access->>'group' = x.group_name)) forgotten
    where not exists (select from outbox where dead_at is null and lane = 'access:' || application || ':' || gateway)
    limit ${limit}`);
  const places = Map.groupBy(rows, ({ gateway }) => gateway);
  for (const [gateway, some] of places)
    await lookAgain(
      db,
      gateway,
      some.map(({ application }) => Number(application)),
    );
  return new Map([...places].map(([gateway, { length }]) => [gateway, length]));
}
