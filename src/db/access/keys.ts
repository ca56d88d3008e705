/** Keys of applications: who made which, and what became of them. Never the key itself: its id and last four characters. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { type KeyRefusal, maxKeys } from '../../domain/access.ts';
import type { Effect } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationAccess, applicationKeys } from '../schema/access.ts';
import { applicationOwners, applications, registrations, services } from '../schema/core.ts';
import { countUnknown } from '../unknown-ids.ts';
import { recordEvents, tellOwners } from './orders.ts';
import { requestRemovals } from './request.ts';

/** Where the keys of a registration are, as its buttons name it. */
export type KeyPlace = {
  application: { id: number; publicId: string; name: string };
  gateway: string;
  registration: string;
  keys: KeyInUse[];
};

/** `shown`: its owner has seen it. Until then it is being made. */
export type KeyInUse = { id: string; lastFour: string; madeBy: string; madeAt: Date; shown: boolean };

export type KeyPlaceResult = { ok: true; place: KeyPlace } | { ok: false; refusal: KeyRefusal };

const inUse = (application: number, gateway: string) =>
  and(
    eq(applicationKeys.applicationId, application),
    eq(applicationKeys.gateway, gateway),
    eq(applicationKeys.gone, false),
    isNull(applicationKeys.removedAt),
  );

/** Finds where the keys of a registration are, for a person who may have them: an owner, while access is open. */
export async function findPlace(
  tables: Db['tables'] | Tx,
  registration: string,
  person: string,
): Promise<KeyPlaceResult> {
  const [row] = await tables
    .select({
      application: applications,
      access: services.access,
      status: registrations.status,
      owner: applicationOwners.userId,
      open: applicationAccess.open,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .leftJoin(
      applicationOwners,
      and(eq(applicationOwners.applicationId, applications.id), eq(applicationOwners.userId, person)),
    )
    .leftJoin(
      applicationAccess,
      and(
        eq(applicationAccess.applicationId, applications.id),
        sql`${applicationAccess.gateway} = ${services.access}->>'gateway'`,
        sql`${applicationAccess.group} = ${services.access}->>'group'`,
      ),
    )
    .where(eq(registrations.publicId, registration));
  if (!row) await countUnknown({ tables });
  if (!row || row.application.deletedAt) return { ok: false, refusal: { kind: 'gone' } };
  const { application, access } = row;
  if (!row.owner) return { ok: false, refusal: { kind: 'not-an-owner' } };
  if (access?.credential !== 'key') return { ok: false, refusal: { kind: 'no-keys' } };
  if (row.status !== 'approved' || !row.open) return { ok: false, refusal: { kind: 'not-open' } };
  const keys = await tables
    .select()
    .from(applicationKeys)
    // Also one that is just being made: a second click makes no second key.
    .where(inUse(application.id, access.gateway))
    .orderBy(asc(applicationKeys.madeAt), asc(applicationKeys.id));
  return { ok: true, place: { application, gateway: access.gateway, registration, keys } };
}

/**
 * Writes down that a key is being made, before the gateway has it. Of two at once, the second waits for the first, and is
 * refused where there would be too many.
 */
export async function begin(
  db: Db,
  {
    registration,
    person,
    id,
    lastFour,
    at,
  }: { registration: string; person: string; id: string; lastFour: string; at: Date },
): Promise<KeyPlaceResult> {
  return db.tables.transaction(async (tx) => {
    const found = await findPlace(tx, registration, person);
    if (!found.ok) return found;
    const { application, gateway } = found.place;
    await tx
      .select({ id: applications.id })
      .from(applications)
      .where(eq(applications.id, application.id))
      .for('update');
    // A statement of its own: it sees what was committed before the lock. What is being made counts.
    const count = await tx.$count(applicationKeys, inUse(application.id, gateway));
    if (count >= maxKeys) return { ok: false, refusal: { kind: 'too-many-keys' } };
    await tx
      .insert(applicationKeys)
      .values({ id, applicationId: application.id, gateway, lastFour, madeBy: person, madeAt: at });
    return found;
  });
}

/**
 * Writes down that the key was shown: from now on it counts, and the owners are told. Returns false where it was removed, or given
 * up, while it was made: it may have reached the gateway after that, and is removed again.
 */
export async function finish(
  db: Db,
  place: Pick<KeyPlace, 'application' | 'gateway'>,
  id: string,
  person: string,
  at: Date,
): Promise<boolean> {
  const { application, gateway } = place;
  return db.tables.transaction(async (tx) => {
    await lockApplication(tx, application.id);
    const [key] = await tx
      .update(applicationKeys)
      .set({ shown: true })
      .where(and(inUse(application.id, gateway), eq(applicationKeys.id, id)))
      .returning({ lastFour: applicationKeys.lastFour });
    if (!key) {
      await removeUnshown(tx, db, place, id, at);
      return false;
    }
    await tellOwners(tx, db, application.id, id, 'made');
    const events = [{ action: 'key-made' as const, subject: key.lastFour }];
    await recordEvents(tx, { application: application.id, gateway }, events, person, at);
    return true;
  });
}

/** Gives up a key that was not shown: the next look at the gateway removes it, if it is there. */
export const abandon = (db: Db, place: KeyPlace, id: string, at: Date): Promise<void> =>
  db.tables.transaction((tx) => removeUnshown(tx, db, place, id, at));

async function removeUnshown(
  tx: Tx,
  db: Db,
  { application, gateway }: Pick<KeyPlace, 'application' | 'gateway'>,
  id: string,
  at: Date,
): Promise<void> {
  await tx.update(applicationKeys).set(toBeRemovedAgain(at)).where(eq(applicationKeys.id, id));
  await requestRemovals(tx, db, [{ application: application.id, gateway, removes: true }]);
}

/** Returns what has the next look remove a key, also one that is gone, or is just being removed. */
export const toBeRemovedAgain = (at: Date) => ({
  removedAt: sql`coalesce(${applicationKeys.removedAt}, ${at.toISOString()}::timestamptz)`,
  back: true,
  gone: false,
});

/** Removes a key: it works until the gateway has confirmed it, which the owners are then told. */
export async function remove(
  db: Db,
  { registration, id, person, at }: { registration: string; id: string; person: string; at: Date },
): Promise<KeyPlaceResult> {
  return db.tables.transaction(async (tx) => {
    const found = await findPlace(tx, registration, person);
    if (!found.ok) return found;
    const { application, gateway } = found.place;
    const theirs = and(inUse(application.id, gateway), eq(applicationKeys.id, id));
    await tx.update(applicationKeys).set({ removedBy: person, removedAt: at }).where(theirs);
    await requestRemovals(tx, db, [{ application: application.id, gateway, removes: true }]);
    return { ok: true, place: { ...found.place, keys: found.place.keys.filter((key) => key.id !== id) } };
  });
}

async function lockApplication(tx: Tx, id: number): Promise<void> {
  await tx.select({ id: applications.id }).from(applications).where(eq(applications.id, id)).for('update');
}

/** Returns the effects that advise the owners who stay to renew the keys which those who leave have made. */
export async function renewalEffects(
  tx: Tx,
  application: number,
  leaving: string[],
  staying: string[],
): Promise<Effect[]> {
  if (leaving.length === 0 || staying.length === 0) return [];
  const keys = await tx
    .select({ id: applicationKeys.id })
    .from(applicationKeys)
    .where(
      and(
        eq(applicationKeys.applicationId, application),
        eq(applicationKeys.gone, false),
        isNull(applicationKeys.removedAt),
        inArray(applicationKeys.madeBy, leaving),
      ),
    );
  return keys.flatMap(({ id }) =>
    staying.map((person): Effect => ({ kind: 'access-key', key: id, event: 'renew', person })),
  );
}

/** What a message about a key tells. */
export type KeyFacts = KeyInUse & { application: string; gateway: string; removedBy: string | null };

/** Finds a key with its application; undefined where there is none. */
export async function findKey({ tables }: Db, id: string): Promise<KeyFacts | undefined> {
  const [row] = await tables
    .select({ key: applicationKeys, application: applications.name })
    .from(applicationKeys)
    .innerJoin(applications, eq(applications.id, applicationKeys.applicationId))
    .where(eq(applicationKeys.id, id));
  return row && { ...row.key, application: row.application };
}
