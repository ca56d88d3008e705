/** Homes: who has opened theirs, what it shows, and which have to be updated. */
import { and, eq, not, sql } from 'drizzle-orm';
import { inParts } from '../../domain/pagination.ts';
import type { Db } from '../db.ts';
import { somePending } from '../registration/registrations.ts';
import { applicationOwners, history, homes, registrations, services } from '../schema/core.ts';

/** What a Home shows: the pages, and how the requests and the catalog are filtered. */
export type HomeState = {
  minePage: number;
  queuePage: number;
  serviceId: number | null;
  search: string;
  catalogPage: number;
  catalogSearch: string;
};

/** The shortest time between two updates of a Home, in milliseconds. What its person does themselves shows at once. */
const minInterval = 1_000;

/** More Homes than these are bulk: the user who acts does not wait for them. */
const few = 20;

/** How many people's Homes, or how many requests, one statement looks at. */
export const batch = 500;

/** What a person changed of their Home, and when, in Slack's seconds. */
export type Choice = { changes: Partial<HomeState>; at: number };

/**
 * Records that a person opened their Home or changed its state, and enqueues the update. Clicks may arrive in any order, on
 * any replica: of each field the choice counts that was made last.
 */
export async function show(db: Db, person: string, at: Date, choice?: Choice): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const [held] = await tx
      .insert(homes)
      .values({ userId: person, openedAt: at, stale: true })
      .onConflictDoUpdate({ target: homes.userId, set: { openedAt: at, stale: true, drawnAt: null } })
      .returning({ chosen: homes.chosen });
    if (choice) {
      const changes = Object.entries(choice.changes).filter(([field]) => !(choice.at < (held?.chosen[field] ?? 0)));
      const chosen = Object.fromEntries(changes.map(([field]) => [field, choice.at]));
      await tx
        .update(homes)
        .set({ ...Object.fromEntries(changes), chosen: { ...held?.chosen, ...chosen } })
        .where(eq(homes.userId, person));
    }
    await db.outbox.enqueue(tx, [{ kind: 'home', person }]);
  });
}

/**
 * Finds the service of an event, and whether the event changed the approval queue (`queue`): then it concerns the
 * approvers as well as the owners. Undefined while no Home was ever opened, so that Slack is not asked for members.
 */
export async function eventOf(db: Db, registration: number, version: number) {
  const [row] = await db.tables
    .select({ approvers: services.approvers, channel: services.channel, from: history.from, to: history.to })
    .from(history)
    .innerJoin(registrations, eq(registrations.id, history.registrationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      and(eq(history.registrationId, registration), eq(history.version, version), sql`exists (select from ${homes})`),
    );
  return row && { service: row, queue: row.from === 'pending' || row.to === 'pending' };
}

/**
 * Marks the Homes of the owners of some of a service's pending requests, those with ids above `after`, as `markStale` does.
 * Returns the last id; undefined at the end.
 */
export async function markPendingStale(db: Db, service: number, after: number): Promise<number | undefined> {
  const ids = await somePending(db.tables, service, after, batch);
  // Each is looked up by itself (`offset 0`): of so many, PostgreSQL would read all owners there are.
  const owners = await db.tables.execute<{ person: string }>(sql`
    select distinct o.user_id as person
    from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) id
    cross join lateral (select application_id from ${registrations} where ${registrations.id} = id.value::bigint offset 0) r
    cross join lateral (
      select user_id from ${applicationOwners} where application_id = r.application_id offset 0) o`);
  // An application has twenty owners at most.
  for (const some of inParts(owners, batch))
    await markStale(
      db,
      null,
      some.map(({ person }) => person),
    );
  return ids.length === batch ? ids.at(-1) : undefined;
}

/** Says whether any Home was ever opened: if not, Slack need not be asked for members. */
export async function any(db: Db): Promise<boolean> {
  const [found] = await db.tables.select({ person: homes.userId }).from(homes).limit(1);
  return found !== undefined;
}

/**
 * Marks the Homes of these people, and of the owners of a registration (null for none), as stale, and enqueues one update
 * for each that was not marked yet: however many changes come before it is rendered, it is one job.
 */
export async function markStale(db: Db, registration: number | null, people: string[]): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const marked = await tx.execute<{ person: string }>(sql`
      with due as materialized (
        select user_id from ${homes} where not stale and user_id in (
          select jsonb_array_elements_text(${JSON.stringify(people)}::jsonb)
          union select o.user_id from ${applicationOwners} o join ${registrations} r using (application_id)
            where r.id = ${registration})
        order by user_id for update)
      update ${homes} set stale = true where user_id = any (array(select user_id from due)) returning user_id as person`);
    const effects = marked.map(({ person }) => ({ kind: 'home' as const, person }));
    await db.outbox.enqueue(tx, effects, effects.length > few ? 'bulk' : 'act');
  });
}

/**
 * Claims a Home that is to be updated. Returns its state and which view Slack has, or that it is up to date, or how many seconds to wait. The mark
 * is removed before anything is read for it, so that a change in between marks it again. `again`: an attempt failed.
 */
export async function claim(
  db: Db,
  person: string,
  again: boolean,
): Promise<(HomeState & { hash: string | null }) | 'up to date' | { wait: number }> {
  const [found] = await db.tables
    .select({
      stale: homes.stale,
      soon: sql<boolean | null>`${homes.drawnAt} > clock_timestamp() - make_interval(secs => ${minInterval / 1000})`,
    })
    .from(homes)
    .where(eq(homes.userId, person));
  if (!found || !(found.stale || again)) return 'up to date';
  if (found.soon) return { wait: minInterval / 1000 };
  const { minePage, queuePage, serviceId, search, catalogPage, catalogSearch, hash } = homes;
  const [shown] = await db.tables
    .update(homes)
    .set({ stale: false, drawnAt: sql`clock_timestamp()` })
    .where(eq(homes.userId, person))
    .returning({ minePage, queuePage, serviceId, search, catalogPage, catalogSearch, hash });
  return shown ?? 'up to date';
}

/** Records that a Home was just updated, and to which view. One whose person has changed its state since does not wait. */
export async function markRendered(db: Db, person: string, hash: string | null): Promise<void> {
  await db.tables
    .update(homes)
    .set({ drawnAt: sql`case when ${homes.drawnAt} is not null then clock_timestamp() end`, hash })
    .where(eq(homes.userId, person));
}

/** Deletes the Home of a person who left Slack. One that was opened again meanwhile stays: its update is in the outbox. */
export async function remove(db: Db, person: string): Promise<void> {
  await db.tables.delete(homes).where(and(eq(homes.userId, person), not(homes.stale)));
}
