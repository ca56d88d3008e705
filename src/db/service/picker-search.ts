/** The catalog: the services that may be asked for. */
import { and, asc, desc, eq, isNull, or, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Db } from '../db.ts';
import { services } from '../schema/core.ts';
import { escapeLike, matchesWordPrefixes } from '../text-search.ts';

/** A service as a picker offers it. */
export type PickerService = {
  id: number;
  slug: string;
  name: string;
  description: string;
  registrationEnabled: boolean;
};

const offered = {
  id: services.id,
  slug: services.slug,
  name: services.name,
  description: services.description,
  registrationEnabled: services.registrationEnabled,
};

/** Retired services are offered to nobody. */
const onOffer = isNull(services.retiredAt);

/** By name, byte by byte and so in every database alike: that is how their index has them. */
const byName = sql`lower(${services.name}) collate "C"`;

/** Of how many that were found the first by name are offered, more than are shown. Whoever finds more types on. */
const lookedAt = 150;

/**
 * The services whose name begins with what was typed, and then those of which every word typed is part of the name, slug
 * or description; `limit` at most. It costs what it offers, and not what there is: the first kind comes out of the index in
 * its order, the second is not looked for where the first suffices, and of many only so many are put in order.
 */
export async function search(db: Db, typed: string, limit: number): Promise<PickerService[]> {
  const text = typed.trim();
  const rows = () => db.tables.select(offered).from(services);
  if (text === '') return rows().where(onOffer).orderBy(byName, asc(services.id)).limit(limit);
  const begins = sql`${byName} like lower(${`${escapeLike(text)}%`})`;
  const first = rows().where(and(onOffer, begins)).orderBy(byName, asc(services.id)).limit(limit);
  const found = rows()
    .where(
      and(
        onOffer,
        matchesWordPrefixes(services.search, text),
        sql`not starts_with(lower(${services.name}), lower(${text}))`,
      ),
    )
    .limit(lookedAt)
    .as('found');
  const others = db.tables
    .select()
    .from(found)
    .orderBy(sql`lower(${found.name}) collate "C"`, asc(found.id))
    .limit(limit);
  return unionAll(first, others).limit(limit);
}

/** The service that somebody named in full, by slug or by name. */
export async function findByExactName(db: Db, text: string): Promise<PickerService | undefined> {
  const [found] = await db.tables
    .select(offered)
    .from(services)
    .where(and(onOffer, or(eq(services.slug, text.toLowerCase()), sql`${byName} = lower(${text})`)))
    .orderBy(desc(eq(services.slug, text.toLowerCase())), asc(services.id))
    .limit(1);
  return found;
}
