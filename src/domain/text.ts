/** Counts UTF-16 units, as Slack does. */
const unitsOf = (text: string): number => text.length;

/** Counts UTF-16 units after Slack's escaping of & < >, which is what its limits are measured on. */
export const escapedLength = (text: string): number =>
  text.length + 4 * (text.match(/&/g)?.length ?? 0) + 3 * (text.match(/[<>]/g)?.length ?? 0);

/**
 * Truncates a text to `limit` UTF-16 units, as Slack counts, without splitting a character; `mark` ends what was
 * truncated.
 */
export const truncate = (text: string, limit: number, mark = '…'): string => truncateBy(unitsOf, text, limit, mark);

/** Truncates a text so that it has at most `limit` UTF-16 units once Slack has escaped it. */
export const truncateEscaped = (text: string, limit: number, mark = '…'): string =>
  truncateBy(escapedLength, text, limit, mark);

/**
 * Truncates a text as `truncateEscaped` does, around the first of these words where only that shows it. Words are found
 * ignoring case; one that is not there changes nothing.
 */
export function excerpt(text: string, words: string[], limit: number): string {
  const lower = text.toLowerCase();
  const found = words
    .map((word) => ({ at: lower.indexOf(word.toLowerCase()), end: word.length }))
    .find(({ at }) => at >= 0);
  const beginning = truncateEscaped(text, limit);
  // Some letters are longer in lower case: then nothing is where it was found.
  if (!found || lower.length !== text.length || beginning === text || found.at + found.end < beginning.length)
    return beginning;
  // From the beginning of a word, where there is one near enough.
  const near = Math.max(found.at - Math.floor(limit / 3), 0);
  const from = text.indexOf(' ', near) + 1;
  return truncateEscaped(`…${text.slice(from > 0 && from <= found.at ? from : found.at)}`, limit);
}

function truncateBy(lengthOf: (text: string) => number, text: string, limit: number, mark: string): string {
  if (lengthOf(text) <= limit) return text;
  let kept = '';
  let left = limit - lengthOf(mark);
  for (const character of text) {
    left -= lengthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept + mark;
}

/**
 * Strips from a typed text what would act on a terminal or turn the letters around it: control characters, and those
 * that embed or override a direction. Line breaks and tabs stay.
 */
export const stripControls = (text: string): string =>
  toStorable(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '');

/** Makes a text storable in PostgreSQL: without NUL and without halves of surrogate pairs. */
export const toStorable = (text: string): string => text.replaceAll('\0', '').toWellFormed();

/** Begins a sentence with a text. */
export const capitalize = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** Writes how many there are: "1 card", "2 cards". */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
