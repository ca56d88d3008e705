/**
 * Orders: what an application should have at a gateway now, and what the gateway has confirmed. `look` writes down what is
 * wanted before the gateway is asked, so that what was asked for is known even if nothing else is; `record` writes down how
 * it ended. Jobs of one application and gateway run one at a time, so that nothing comes between the two.
 */
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import type { AccessEvent, GatewayFailure, WantedAccess } from '../../domain/access.ts';
import type { Effect } from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import { ownersOf } from '../application/owners.ts';
import { appendAccess } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import * as cards from '../registration/cards.ts';
import * as ownerMessages from '../registration/owner-messages.ts';
import { accessHistory, applicationAccess, applicationKeys } from '../schema/access.ts';
import { applications, registrations, services } from '../schema/core.ts';

/** Which application at which gateway. */
export type Place = { application: number; gateway: string };

export type AccessOrder = {
  application: { id: string; name: string; owners: string[] };
  wanted: WantedAccess | null;
  confirmed: string[];
  backing: Map<string, { change: string; service: { slug: string; name: string }; registration: string }>;
  /** Keys that were never shown, or were removed here, and that the gateway may still have. */
  keysToRemove: KeyToRemove[];
};

/** A key as the look saw it: one that has come back since then is not gone with this order. */
export type KeyToRemove = { id: string; back: boolean };

/** How the gateway ended it; `open` is undefined where it could not be asked. */
export type AccessResult = {
  open: string[] | undefined;
  failure: GatewayFailure | undefined;
  keysGone: KeyToRemove[];
  at: Date;
};

/** How long a key may be in the making, in seconds: what is older was lost with the process that made it. */
const keyInTheMaking = sql`interval '60 seconds'`;

const ofPlace = ({ application, gateway }: Place) =>
  and(eq(applicationAccess.applicationId, application), eq(applicationAccess.gateway, gateway));

const isWanted = ({ application, gateway }: Place) =>
  and(
    eq(registrations.applicationId, application),
    eq(registrations.status, 'approved'),
    sql`${services.access}->>'gateway' = ${gateway}`,
  );

const group = sql<string>`${services.access}->>'group'`;

/** Locks an application's row until the commit: it numbers the events of its access. */
async function lock(tx: Tx, id: number) {
  const [found] = await tx.select().from(applications).where(eq(applications.id, id)).for('update');
  return found;
}

/** How many groups are written in one statement: it has so many parameters at most. */
const written = 5_000;

/** Writes down what is wanted now, and returns the order; undefined where there is no such application. */
export async function look(db: Db, place: Place, at: Date): Promise<AccessOrder | undefined> {
  return db.tables.transaction(async (tx) => {
    const found = await lock(tx, place.application);
    if (!found) return undefined;
    const wanted = found.deletedAt
      ? []
      : await tx
          .selectDistinctOn([group], { group, registration: registrations.id })
          .from(registrations)
          .innerJoin(services, eq(services.id, registrations.serviceId))
          .where(isWanted(place))
          .orderBy(group, registrations.id);
    for (const some of inParts(wanted, written))
      await tx
        .insert(applicationAccess)
        .values(
          some.map((one) => ({
            applicationId: place.application,
            gateway: place.gateway,
            group: one.group,
            registrationId: one.registration,
            wanted: true,
            since: at,
          })),
        )
        .onConflictDoUpdate({
          target: [applicationAccess.applicationId, applicationAccess.gateway, applicationAccess.group],
          set: {
            registrationId: sql`excluded.registration_id`,
            wanted: true,
            ...changedIf(sql`not ${applicationAccess.wanted}`),
            // Whatever was confirmed: from now on it may be open.
            open: sql`nullif(${applicationAccess.open}, false)`,
          },
        });
    const groups = wanted.map((one) => one.group);
    const tooMany = and(ofPlace(place), eq(applicationAccess.wanted, true), notIn(groups));
    const lost = await tx
      .update(applicationAccess)
      .set({ wanted: false, ...changedIf(sql`true`) })
      .where(tooMany)
      .returning({
        group: applicationAccess.group,
        change: applicationAccess.change,
        registration: applicationAccess.registrationId,
      });
    if (lost.length > 0 && !found.deletedAt) await tellOfLost(tx, db, place, lost);
    return orderOf(tx, place, found, at);
  });
}

/**
 * Has the owners told of groups that they lose while the registrations are still approved: their services' access has changed.
 * Of the end of a registration they hear by the decision itself.
 */
async function tellOfLost(
  tx: Tx,
  db: Db,
  place: Place,
  lost: { group: string; change: string; registration: number }[],
): Promise<void> {
  const ids = lost.map(({ registration }) => registration);
  const approved = await tx
    .select({ id: registrations.id })
    .from(registrations)
    .where(and(inArray(registrations.id, ids), eq(registrations.status, 'approved')));
  const still = new Set(approved.map(({ id }) => id));
  const told = lost.filter(({ registration }) => still.has(registration));
  const owners = told.length > 0 ? await ownersOf(tx, place.application) : [];
  await db.outbox.enqueue(
    tx,
    told.flatMap(({ group, change }) =>
      owners.map((person): Effect => ({ kind: 'access-lost', ...place, group, change, person })),
    ),
  );
}

const notIn = (groups: string[]) =>
  sql`not ${applicationAccess.group} in (select jsonb_array_elements_text(${JSON.stringify(groups)}::jsonb))`;

/** Begins another change of a group: a new id for it, and nothing has failed yet. */
const changedIf = (changed: ReturnType<typeof sql>) => ({
  change: sql`case when ${changed} then gen_random_uuid() else ${applicationAccess.change} end`,
  failure: sql`case when ${changed} then null else ${applicationAccess.failure} end`,
  failingSince: sql`case when ${changed} then null else ${applicationAccess.failingSince} end`,
  toldAt: sql`case when ${changed} then null else ${applicationAccess.toldAt} end`,
});

async function orderOf(
  tx: Tx,
  place: Place,
  application: typeof applications.$inferSelect,
  at: Date,
): Promise<AccessOrder> {
  const rows = await tx
    .select({
      access: applicationAccess,
      slug: services.slug,
      name: services.name,
      registration: registrations.publicId,
    })
    .from(applicationAccess)
    .innerJoin(registrations, eq(registrations.id, applicationAccess.registrationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(ofPlace(place));
  const owners = await ownersOf(tx, place.application);
  const governed = await tx
    .selectDistinct({ group })
    .from(services)
    .where(sql`${services.access}->>'gateway' = ${place.gateway}`);
  const keys = await tx
    .select({ id: applicationKeys.id, back: applicationKeys.back })
    .from(applicationKeys)
    .where(
      and(
        keysOf(place),
        sql`(removed_at is not null or not shown and made_at < ${at.toISOString()}::timestamptz - ${keyInTheMaking})`,
      ),
    );
  const groups = rows.filter(({ access }) => access.wanted).map(({ access }) => access.group);
  return {
    application: { id: application.publicId, name: application.name, owners },
    wanted: application.deletedAt
      ? null
      : { groups, governed: [...governed.map((one) => one.group), ...rows.map(({ access }) => access.group)] },
    confirmed: rows
      .filter(({ access }) => (access.wanted ? access.open === true : access.open !== false))
      .map(({ access }) => access.group),
    backing: new Map(
      rows.map(({ access, slug, name, registration }) => [
        access.group,
        { change: access.change, service: { slug, name }, registration },
      ]),
    ),
    keysToRemove: keys,
  };
}

const keysOf = ({ application, gateway }: Place) =>
  and(
    eq(applicationKeys.applicationId, application),
    eq(applicationKeys.gateway, gateway),
    eq(applicationKeys.gone, false),
  );

/**
 * Writes down what the gateway has confirmed, updates what shows it, and tells who waits for it. Returns the groups that are
 * still not as they should be.
 */
export async function record(db: Db, place: Place, result: AccessResult): Promise<string[]> {
  return db.tables.transaction(async (tx) => {
    const application = await lock(tx, place.application);
    if (!application) return [];
    const rows = await tx.select().from(applicationAccess).where(ofPlace(place)).for('update');
    const after = rows.map((row) => ({ row, ...outcomeOf(row, result) }));
    const changed = after.filter(
      ({ row, open, failure }) => open !== row.open || failure !== row.failure || (open && row.announce),
    );
    // Also what a gateway has only noted: an alarm is raised where it stays at that.
    const written = after.filter(
      (one) => changed.includes(one) || isUnsettled(one) !== (one.row.failingSince !== null),
    );
    for (const { row, open, failure } of written)
      await tx
        .update(applicationAccess)
        .set({
          open,
          failure,
          failingSince: isUnsettled({ row, open }) ? (row.failingSince ?? result.at) : null,
          ...(open === row.open ? {} : { since: result.at }),
          ...(open ? { announce: false } : {}),
        })
        .where(and(ofPlace(place), eq(applicationAccess.group, row.group)));
    await showChanges(
      tx,
      db,
      place,
      changed.map(({ row }) => row.group),
    );
    const announced = changed.filter(({ row, open }) => open && row.announce);
    const owners = announced.length > 0 ? await ownersOf(tx, place.application) : [];
    await db.outbox.enqueue(
      tx,
      announced.flatMap(({ row: { group, change } }) =>
        owners.map((person): Effect => ({ kind: 'access-open', ...place, group, change, person })),
      ),
    );
    const removed = await removeKeys(tx, db, place.application, result.keysGone);
    const events = changed.flatMap(({ row, open }) =>
      open !== row.open && (open || row.open)
        ? [{ action: open ? ('granted' as const) : ('removed' as const), subject: row.group }]
        : [],
    );
    await recordEvents(tx, place, [...events, ...removed], null, result.at);
    return after.filter(isUnsettled).map(({ row }) => row.group);
  });
}

/** Writes down that the gateway has these keys no longer, and tells the owners of those that someone removed, or has lost. */
async function removeKeys(tx: Tx, db: Db, application: number, keys: KeyToRemove[]) {
  if (keys.length === 0) return [];
  const gone = await tx
    .update(applicationKeys)
    .set({ gone: true })
    .where(
      and(
        eq(applicationKeys.gone, false),
        or(...keys.map(({ id, back }) => and(eq(applicationKeys.id, id), eq(applicationKeys.back, back)))),
      ),
    )
    .returning();
  const removed = gone.filter(({ shown, back }) => shown && !back);
  for (const { id } of removed) await tellOwners(tx, db, application, id, 'removed');
  // Lost with the process that made it, which may have shown it just before: who asked for it may be using it.
  const lost = gone.filter(({ shown, removedAt }) => !shown && removedAt === null);
  await db.outbox.enqueue(
    tx,
    lost.map(({ id, madeBy }) => ({ kind: 'access-key', key: id, event: 'lost', person: madeBy })),
  );
  return removed.map(({ lastFour, removedBy }) => ({
    action: 'key-removed' as const,
    subject: lastFour,
    actor: removedBy,
  }));
}

/** Has each owner told about a key. */
export async function tellOwners(
  tx: Tx,
  db: Db,
  application: number,
  key: string,
  event: Extract<Effect, { kind: 'access-key' }>['event'],
): Promise<void> {
  const owners = await ownersOf(tx, application);
  await db.outbox.enqueue(
    tx,
    owners.map((person) => ({ kind: 'access-key', key, event, person })),
  );
}

type Row = typeof applicationAccess.$inferSelect;

const isUnsettled = ({ row, open }: { row: Row; open: boolean | null }): boolean => open !== row.wanted;

/** Returns what is known of a group after the gateway was asked. */
function outcomeOf(
  row: Row,
  { open: confirmed, failure }: AccessResult,
): { open: boolean | null; failure: GatewayFailure | null } {
  // A grant that was not confirmed may have been made all the same.
  const open = confirmed === undefined ? row.open : confirmed.includes(row.group) ? true : row.wanted ? null : false;
  return { open, failure: open === row.wanted ? null : (failure ?? null) };
}

/** Has the cards, Homes and messages with buttons updated of the registrations that show these groups. */
async function showChanges(tx: Tx, db: Db, { application, gateway }: Place, groups: string[]): Promise<void> {
  if (groups.length === 0) return;
  const shown = await tx
    .select({ id: registrations.id, version: registrations.version })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .leftJoin(applicationAccess, eq(applicationAccess.registrationId, registrations.id))
    .where(
      and(
        eq(registrations.applicationId, application),
        or(
          and(sql`${services.access}->>'gateway' = ${gateway}`, inArray(group, groups)),
          and(eq(applicationAccess.gateway, gateway), inArray(applicationAccess.group, groups)),
        ),
      ),
    );
  const versions = new Map(shown.map(({ id, version }) => [id, version]));
  if (versions.size === 0) return;
  await cards.markStale(tx, db, [...versions.keys()]);
  await ownerMessages.updateButtonsOf(tx, db, { ids: [...versions.keys()] }, 'act');
  const homes = [...versions].map(([registration, version]): Effect => ({ kind: 'homes', registration, version }));
  await db.outbox.enqueue(tx, homes);
}

/** Adds events of an application's access, last in the transaction, which holds the application's row. */
export async function recordEvents(
  tx: Tx,
  { application: applicationId, gateway }: Place,
  events: { action: AccessEvent; subject: string; actor?: string | null }[],
  actor: string | null,
  at: Date,
): Promise<void> {
  if (events.length === 0) return;
  const [{ last } = { last: 0 }] = await tx
    .select({ last: sql<number>`coalesce(max(${accessHistory.version}), 0)` })
    .from(accessHistory)
    .where(eq(accessHistory.applicationId, applicationId));
  await appendAccess(
    tx,
    events.map((event, index) => ({ actor, ...event, applicationId, gateway, at, version: last + index + 1 })),
  );
}
