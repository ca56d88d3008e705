/** The beginning of a text that fits `limit` UTF-16 units (as Slack counts), never half a character; `mark` ends what was cut. */
export function cut(text: string, limit: number, mark = '…'): string {
  if (text.length <= limit) return text;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length + mark.length > limit) break;
    kept += character;
  }
  return kept + mark;
}

/** What PostgreSQL can keep of a text: no NUL, and no half of a surrogate pair. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
