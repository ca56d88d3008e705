/** How pickers search: every word that was typed is a part of the text, in any order and case. */
import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm';

/** More words than these are not looked at. */
const wordsAtMost = 8;

const wordsOf = (typed: string): string[] =>
  typed
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, wordsAtMost);

/** What people type stands for itself in a pattern. */
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** A condition on a text in lower case; `like`, so that a trigram index can answer it. True where nothing was typed. */
export function matchesAllWords(text: SQLWrapper, typed: string): SQL | undefined {
  return and(...wordsOf(typed).map((word) => sql`${text} like lower(${`%${escapeLike(word)}%`})`));
}

/** One or two letters make no trigram, and an index knows them only where a word begins. */
const tooShort = /^[a-z0-9]{1,2}$/i;

/**
 * The same, but one or two letters are looked for where words begin, which is after a space: else they would cost a look at
 * every text there is.
 */
export function matchesWordPrefixes(text: SQLWrapper, typed: string): SQL | undefined {
  const [short, long] = [
    wordsOf(typed).filter((word) => tooShort.test(word)),
    wordsOf(typed).filter((word) => !tooShort.test(word)),
  ];
  const beginnings = short.map((word) => sql`${text} like lower(${`% ${word}%`})`);
  return and(matchesAllWords(text, long.join(' ')), ...beginnings);
}
