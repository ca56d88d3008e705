/** The search of the services picker. */
import { and, asc, desc, eq, isNull, or, sql } from 'drizzle-orm';
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

/** The order of the index `services_by_name`: by name, byte by byte, so that every database sorts the same. */
const byName = sql`fold(${services.name}) collate "C"`;

/** How many matches are sorted by name. A user with more of them types on. */
const maxSorted = 150;

/**
 * Finds the services whose name begins with what was typed, and then those where every word typed is in the name, slug
 * or description; at most `limit`. The cost does not grow with the catalog: the first kind comes from the index in its
 * order, the second is not looked for where the first suffices, and only a part of many matches is sorted.
 */
export async function search(db: Db, typed: string, limit: number): Promise<PickerService[]> {
  const text = typed.trim();
  const rows = () => db.tables.select(columns).from(services);
  if (text === '') return rows().where(isOffered).orderBy(byName, asc(services.id)).limit(limit);
  const namePrefix = sql`${byName} like fold(${`${escapeLike(text)}%`})`;
  const byPrefix = rows().where(and(isOffered, namePrefix)).orderBy(byName, asc(services.id)).limit(limit);
  const found = rows()
    .where(
      and(
        isOffered,
        matchesWordPrefixes(services.search, text),
        sql`not starts_with(fold(${services.name}), fold(${text}))`,
      ),
    )
    .limit(maxSorted)
    .as('found');
  const byWords = db.tables
    .select()
    .from(found)
    .orderBy(sql`fold(${found.name}) collate "C"`, asc(found.id))
    .limit(limit);
  return unionAll(byPrefix, byWords).limit(limit);
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
