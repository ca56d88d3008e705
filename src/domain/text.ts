/**
 * Truncates a text to `limit` UTF-16 units, as Slack counts, without splitting a character; `mark` ends what was
 * truncated.
 */
export function truncate(text: string, limit: number, mark = '…'): string {
  if (text.length <= limit) return text;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length + mark.length > limit) break;
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
