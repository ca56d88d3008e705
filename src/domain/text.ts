/** The beginning of a text that fits `limit` UTF-16 units (as Slack counts), never half a character; `mark` ends what was cut. */
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
 * A text that somebody typed, as it is kept: without what no keyboard has, and what would act on a terminal or turn the
 * letters around it (control characters, and those that embed or override a direction). Lines and tabs stay.
 */
export const stripControls = (text: string): string =>
  toStorable(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '');

/** What PostgreSQL can keep of a text: no NUL, and no half of a surrogate pair. */
export const toStorable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
