/** What an application may be called. */
import { cut } from './text.ts';

/** The longest name, in UTF-16 units: `Create "…"` with it must fit into an option of 75 characters. */
export const nameLimit = 60;

/**
 * A name as it is kept: one line, composed characters, single spaces, no characters that are invisible or turn the
 * direction of the text (they would let one name pass for another).
 */
export function tidyName(typed: string): string {
  const visible = typed
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\p{Cf}/gu, '');
  return cut(visible.replace(/\s+/gu, ' ').trim(), nameLimit, '').trim();
}
