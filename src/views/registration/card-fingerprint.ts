/**
 * The fingerprint of a message's blocks: their words, their ids and what their buttons carry. Slack may change the
 * rest.
 */

/** Computes a fingerprint, which is equal for blocks that read and act alike. */
export function fingerprint(blocks: readonly unknown[]): string {
  return JSON.stringify(blocks.map(atoms));
}

/** The properties that are compared, next to the text. */
const kept = ['block_id', 'action_id', 'value', 'url', 'user_id', 'usergroup_id', 'timestamp', 'style'];

/** Returns the text of a block as one, because Slack may split it; then the other compared properties, sorted. */
function atoms(block: unknown): string[] {
  const words: string[] = [];
  const others: string[] = [];
  walk(block, (key, value) => {
    if (key === 'text') words.push(value);
    else if (kept.includes(key)) others.push(`${key}=${value}`);
  });
  return [plainly(words.join('')), ...others.sort()];
}

/** Calls `each` for every plain value, in reading order. */
function walk(thing: unknown, each: (key: string, value: string) => void): void {
  if (Array.isArray(thing)) for (const item of thing) walk(item, each);
  else if (typeof thing === 'object' && thing !== null) {
    for (const [key, value] of Object.entries(thing)) {
      if (typeof value === 'string' || typeof value === 'number') each(key, String(value));
      // `style` of rich text says bold or not, as an object: how it looks, and not what it says.
      else if (key !== 'style') walk(value, each);
    }
  }
}

/** Strips spaces, and unescapes what Slack escapes. */
const plainly = (text: string): string =>
  text.replace(/\s+/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
