/** Homes: who has opened theirs, what it shows, and which have to be redrawn. */
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { applicationOwners, history, homes, isPending, registrations, services } from '../schema/core.ts';

/** What a Home shows: which pages, and what the requests and the catalog are narrowed to. */
export type HomeState = {
  minePage: number;
  queuePage: number;
  serviceId: number | null;
  search: string;
  catalogPage: number;
  catalogSearch: string;
};

/** How often the Home of one person is redrawn because of others, in milliseconds. What they do themselves shows at once. */
const atMostEvery = 1_000;

/** Shows a person what they opened or turned to; what is not said stays as it was. */
export async function show(db: Db, person: string, at: Date, wish: Partial<HomeState>): Promise<void> {
  await db.tables.transaction(async (tx) => {
    await tx
      .insert(homes)
      .values({ userId: person, openedAt: at, stale: true, ...wish })
      .onConflictDoUpdate({ target: homes.userId, set: { openedAt: at, stale: true, drawnAt: null, ...wish } });
    await db.outbox.enqueue(tx, [{ kind: 'home', person }]);
  });
}

/**
 * Whom an event concerns beside the owners: those who decide about the service, where a request began or stopped to wait.
 * Undefined while nobody has opened a Home: then Slack need not be asked who they are.
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

/** The same for the owners of what waits for a service, and these people. */
export async function markPendingStale(db: Db, service: number, people: string[]): Promise<void> {
  const owners = await db.tables
    .selectDistinct({ userId: homes.userId })
    .from(homes)
    .innerJoin(applicationOwners, eq(applicationOwners.userId, homes.userId))
    .innerJoin(registrations, eq(registrations.applicationId, applicationOwners.applicationId))
    .where(and(eq(registrations.serviceId, service), isPending));
  await markStale(db, null, [...people, ...owners.map(({ userId }) => userId)]);
}

/** Whether anybody has opened a Home: else Slack need not be asked whose would have to be redrawn. */
export async function any(db: Db): Promise<boolean> {
  const [found] = await db.tables.select({ person: homes.userId }).from(homes).limit(1);
  return found !== undefined;
}

/**
 * Marks the Homes of a registration's owners, where it is about one, and of these people, and has each redrawn: one
 * statement and one job for each Home that is not marked yet, however many changes come before it is drawn.
 */
export async function markStale(db: Db, registration: number | null, people: string[]): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const marked = await tx.execute<{ person: string }>(sql`
      with due as (
        select user_id from ${homes} h where not stale and (
          user_id in (select jsonb_array_elements_text(${JSON.stringify(people)}::jsonb))
          or user_id in (select o.user_id from ${applicationOwners} o join ${registrations} r using (application_id)
            where r.id = ${registration}))
        order by user_id for update)
      update ${homes} set stale = true from due where homes.user_id = due.user_id returning homes.user_id as person`);
    if (marked.length > 0)
      await db.outbox.enqueue(
        tx,
        marked.map(({ person }) => ({ kind: 'home', person })),
      );
  });
}

/**
 * Takes a Home on to be drawn: what it shows; or that it needs no drawing; or how many seconds to wait. It is unmarked
 * before anything is read for it, so that whatever changes meanwhile marks it again. `again`: an earlier attempt failed.
 */
export async function claim(
  db: Db,
  person: string,
  again: boolean,
): Promise<HomeState | 'drawn already' | { wait: number }> {
  const [found] = await db.tables
    .select({
      stale: homes.stale,
      soon: sql<boolean | null>`${homes.drawnAt} > clock_timestamp() - make_interval(secs => ${atMostEvery / 1000})`,
    })
    .from(homes)
    .where(eq(homes.userId, person));
  if (!found || !(found.stale || again)) return 'drawn already';
  if (found.soon) return { wait: atMostEvery / 1000 };
  const { minePage, queuePage, serviceId, search, catalogPage, catalogSearch } = homes;
  const [shown] = await db.tables
    .update(homes)
    .set({ stale: false, drawnAt: sql`clock_timestamp()` })
    .where(eq(homes.userId, person))
    .returning({ minePage, queuePage, serviceId, search, catalogPage, catalogSearch });
  return shown ?? 'drawn already';
}

/** Remembers that a Home has just been drawn; unless its person has turned to something else meanwhile, and waits for it. */
export async function markDrawn(db: Db, person: string): Promise<void> {
  await db.tables
    .update(homes)
    .set({ drawnAt: sql`clock_timestamp()` })
    .where(and(eq(homes.userId, person), isNotNull(homes.drawnAt)));
}

/** Forgets the Home of somebody who is not there any more. */
export async function remove(db: Db, person: string): Promise<void> {
  await db.tables.delete(homes).where(eq(homes.userId, person));
}
