/** How pickers search: every word that was typed is a part of the text, in any order and case. */
import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm';

/** More words than these are not looked at. */
const wordsAtMost = 8;

/** A condition on a text in lower case; `like`, so that a trigram index can answer it. True where nothing was typed. */
export function containsAll(text: SQLWrapper, typed: string): SQL | undefined {
  const words = typed.split(/\s+/).filter((word) => word !== '');
  return and(
    ...words.slice(0, wordsAtMost).map((word) => {
      const literal = word.replace(/[\\%_]/g, '\\$&');
      return sql`${text} like lower(${`%${literal}%`})`;
    }),
  );
}
