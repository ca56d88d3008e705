/** The search of the services picker. */
import { and, asc, desc, eq, isNull, not, or, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Db } from '../db.ts';
import { services } from '../schema/core.ts';
import { escapeLike, matchesWordPrefixes } from '../text-search.ts';

/** A service as a picker offers it. */
export type PickerService = {
  publicId: string;
  slug: string;
  name: string;
  description: string;
  registrationEnabled: boolean;
};

const columns = {
  id: services.id,
  publicId: services.publicId,
  slug: services.slug,
  name: services.name,
  description: services.description,
  registrationEnabled: services.registrationEnabled,
};

/** Retired services are not offered. */
const isOffered = isNull(services.retiredAt);

/** The order of the indexes by name: byte by byte, so that every database sorts the same. */
const byName = sql`fold(${services.name}) collate "C"`;

/** How many matches are sorted by name. A user with more of them types on. */
const maxSorted = 150;

/**
 * Finds the services whose name begins with what was typed, and then those where every word typed is in the name, slug
 * or description; those with disabled registration last; at most `limit`. The cost does not grow with the catalog: the first
 * kind comes from the index in its order, the others are not looked for where the ones before suffice, and only a part of
 * many matches is sorted.
 */
export async function search(db: Db, typed: string, limit: number): Promise<PickerService[]> {
  const text = typed.trim();
  const [enabled, disabled] = [services.registrationEnabled, not(services.registrationEnabled)];
  if (text === '') return unionAll(inOrder(db, enabled, limit), inOrder(db, disabled, limit)).limit(limit);
  const prefix = sql`${byName} like fold(${`${escapeLike(text)}%`})`;
  return unionAll(
    inOrder(db, and(enabled, prefix), limit),
    byWords(db, enabled, text, limit),
    inOrder(db, and(disabled, prefix), limit),
    byWords(db, disabled, text, limit),
  ).limit(limit);
}

/** Selects offered services in the order of the index. */
const inOrder = (db: Db, which: SQLWrapper | undefined, limit: number) =>
  db.tables
    .select(columns)
    .from(services)
    .where(and(isOffered, which?.getSQL()))
    .orderBy(byName, asc(services.id))
    .limit(limit);

/** Selects offered services by the words typed, except those whose name begins with them. */
function byWords(db: Db, which: SQLWrapper, text: string, limit: number) {
  const found = db.tables
    .select(columns)
    .from(services)
    .where(
      and(
        isOffered,
        which.getSQL(),
        matchesWordPrefixes(services.search, text),
        sql`not starts_with(fold(${services.name}), fold(${text}))`,
      ),
    )
    .limit(maxSorted)
    .as('found');
  return db.tables.select().from(found).orderBy(sql`fold(${found.name}) collate "C"`, asc(found.id)).limit(limit);
}

/** Finds the service that has this slug or name, ignoring case; undefined where none has. A slug goes before a name. */
export async function findByExactName(db: Db, text: string): Promise<PickerService | undefined> {
  const [found] = await db.tables
    .select(columns)
    .from(services)
    .where(and(isOffered, or(eq(services.slug, text.toLowerCase()), sql`${byName} = fold(${text})`)))
    .orderBy(desc(eq(services.slug, text.toLowerCase())), asc(services.id))
    .limit(1);
  return found;
}
