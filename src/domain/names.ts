/** Names: what makes one pass for another is taken out of them, or refused. Pure. */

/**
 * One line, single spaces, and nothing that is invisible or turns the direction of the text: no character by which a name
 * differs that nobody sees.
 */
export const stripInvisible = (name: string): string =>
  name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/** More marks than that on one letter cover the lines around it; the languages that stack them need fewer. */
const manyMarks = /(\p{M}{3})\p{M}+/gu;

/** The same in the letters that people type: wide, bold and circled letters are the plain ones, and marks are joined. */
export const normalizeLetters = (name: string): string =>
  stripInvisible(stripInvisible(name).normalize('NFKC').replace(manyMarks, '$1').normalize('NFKC'));

/** The alphabets that have letters alike, such as a, e, o, p: a word is written in one of them. */
const alphabets = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  // Signs of measures and formulas stand beside Latin letters, and look like none of them.
  Greek: /[\p{Script=Greek}--[μΩΔΣπλ]]/v,
} as const;

export type MixedScript = { word: string; alphabets: string[] };

/**
 * The first word of a name whose letters are of more than one alphabet, as in `Pаyments` with a Cyrillic а; undefined where
 * there is none. Words are what spaces and punctuation part: `API-шлюз` has two.
 */
export function findMixedScript(name: string): MixedScript | undefined {
  for (const word of name.split(/[^\p{L}\p{M}\p{N}]+/u)) {
    const found = Object.entries(alphabets).filter(([, letter]) => letter.test(word));
    if (found.length > 1) return { word, alphabets: found.map(([alphabet]) => alphabet) };
  }
  return undefined;
}
