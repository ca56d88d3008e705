/** Names: what could make one pass for another is stripped or refused. Pure. */

/**
 * Strips what cannot be seen, so that no two names look alike and differ: line breaks, repeated spaces, invisible
 * characters, and those that turn the direction of the text.
 */
export const stripInvisible = (name: string): string =>
  name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/** Combining marks beyond three on a letter cover the lines around it; the languages that stack them need fewer. */
const manyMarks = /(\p{M}{3})\p{M}+/gu;

/**
 * Normalizes a name to the letters that people type: wide, bold and circled letters become plain ones, and marks are
 * joined (NFKC).
 */
export const normalizeLetters = (name: string): string =>
  stripInvisible(stripInvisible(name).normalize('NFKC').replace(manyMarks, '$1').normalize('NFKC'));

/** Alphabets with letters that look alike, such as a, e, o, p. A word has to be written in one of them. */
const alphabets = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  // Signs of measures and formulas are used next to Latin letters, and look like none of them.
  Greek: /[\p{Script=Greek}--[μΩΔΣπλ]]/v,
} as const;

export type MixedScript = { word: string; alphabets: string[] };

/**
 * Finds the first word of a name that mixes alphabets, as in `Pаyments` with a Cyrillic а; undefined if there is none.
 * Words end at spaces and punctuation: `API-шлюз` has two.
 */
export function findMixedScript(name: string): MixedScript | undefined {
  for (const word of name.split(/[^\p{L}\p{M}\p{N}]+/u)) {
    const found = Object.entries(alphabets).filter(([, letter]) => letter.test(word));
    if (found.length > 1) return { word, alphabets: found.map(([alphabet]) => alphabet) };
  }
  return undefined;
}
