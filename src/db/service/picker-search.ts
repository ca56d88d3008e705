/** The search of the services picker. */
import { isNull, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { services } from '../schema/core.ts';
import { matchesWordPrefixes } from '../text-search.ts';

/** A service as a picker offers it. */
export type PickerService = {
  publicId: string;
  slug: string;
  name: string;
  description: string;
  registrationEnabled: boolean;
};

/** Retired services are not offered. */
const isOffered = isNull(services.retiredAt);

/** The order of the indexes by name: byte by byte, so that every database sorts the same. */
const byName = sql`fold(${services.name}) collate "C"`;

const columns = sql`public_id as "publicId", slug, name, description, registration_enabled as "registrationEnabled"`;

/** How many matches are sorted by name. A user with more of them types on. */
const maxSorted = 150;

/** The last of all characters, which Unicode gives no meaning: names that begin with a text sort before the text and this. */
const lastCharacter = '\u{10ffff}';

/**
 * Finds the services whose name begins with what was typed, and then those where every word typed is in the name, slug
 * or description; those with disabled registration last; at most `limit`. The cost does not grow with the catalog: the first
 * kind comes from the index in its order, the others are not looked for where the ones before suffice, and only a part of
 * many matches is sorted. Without Drizzle's query builder, which took more of the processor than all the rest of a keystroke.
 */
export async function search(db: Db, typed: string, limit: number): Promise<PickerService[]> {
  const text = typed.trim();
  const parts = [sql`registration_enabled`, sql`not registration_enabled`].flatMap((which) =>
    text === '' ? [inOrder(which, limit)] : [byPrefix(which, text, limit), byWords(which, text, limit)],
  );
  return db.tables.execute<PickerService>(sql`${sql.join(parts, sql` union all `)} limit ${limit}`);
}

/** Selects offered services in the order of the index. */
const inOrder = (which: SQL, limit: number) => sql`
  (select ${columns} from ${services} where ${isOffered} and ${which} order by ${byName}, id limit ${limit})`;

/** Selects those whose name begins with the text: a range of the index, where a pattern would be compared with each row as well. */
const byPrefix = (which: SQL, text: string, limit: number) =>
  inOrder(sql`${which} and ${byName} >= fold(${text}) and ${byName} < fold(${text}) || ${lastCharacter}`, limit);

/** Selects offered services by the words typed, except those whose name begins with them. */
const byWords = (which: SQL, text: string, limit: number) => sql`
  (select ${columns} from (
    select * from ${services}
    where ${isOffered} and ${which} and ${matchesWordPrefixes(services.search, text)}
      and not starts_with(fold(name), fold(${text}))
    limit ${maxSorted}) found
  order by fold(name) collate "C", id limit ${limit})`;

/** Finds the service that has this slug or name, ignoring case; undefined where none has. A slug goes before a name. */
export async function findByExactName(db: Db, text: string): Promise<PickerService | undefined> {
  const slug = sql`slug = ${text.toLowerCase()}`;
  const [found] = await db.tables.execute<PickerService>(sql`
    select ${columns} from ${services} where ${isOffered} and (${slug} or ${byName} = fold(${text}))
    order by ${slug} desc, id limit 1`);
  return found;
}
