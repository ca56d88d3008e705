/** The text search of pickers: every word typed must be in the text, in any order, ignoring case. */
import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm';

/** How many words are searched; further ones are ignored. */
const maxWords = 8;

const wordsOf = (typed: string): string[] =>
  typed
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, maxWords);

/** Escapes what users type for a LIKE pattern. */
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Matches a text in lower case that contains every word. Uses `like`, which a trigram index supports. */
export function matchesAllWords(text: SQLWrapper, typed: string): SQL | undefined {
  return and(...wordsOf(typed).map((word) => sql`${text} like fold(${`%${escapeLike(word)}%`})`));
}

/** A word of one or two letters contains no trigram; only at the beginning of a word, padded with a space, does it. */
const tooShort = /^[a-z0-9]{1,2}$/i;

/**
 * Matches like `matchesAllWords`, but words of one or two letters only at the beginning of a word, after a space:
 * anywhere else no index could find them, and the whole table would be scanned.
 */
export function matchesWordPrefixes(text: SQLWrapper, typed: string): SQL | undefined {
  const [short, long] = [
    wordsOf(typed).filter((word) => tooShort.test(word)),
    wordsOf(typed).filter((word) => !tooShort.test(word)),
  ];
  const prefixes = short.map((word) => sql`${text} like fold(${`% ${word}%`})`);
  return and(matchesAllWords(text, long.join(' ')), ...prefixes);
}
