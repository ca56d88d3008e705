/** What matters of a message's blocks: its words, its ids and what its buttons carry. Slack may write the rest in its own way. */

/** Two drawings that people read and press alike have the same gist. */
export function fingerprint(blocks: readonly unknown[]): string {
  return JSON.stringify(blocks.map(atoms));
}

/** Of what is not text, what is compared. */
const kept = ['block_id', 'action_id', 'value', 'url', 'user_id', 'usergroup_id', 'timestamp', 'style'];

/** The words of a block as one, for Slack may cut a text into several; then all that is not text, sorted. */
function atoms(block: unknown): string[] {
  const words: string[] = [];
  const others: string[] = [];
  walk(block, (key, value) => {
    if (key === 'text') words.push(value);
    else if (kept.includes(key)) others.push(`${key}=${value}`);
  });
  return [plainly(words.join('')), ...others.sort()];
}

/** Calls for each plain value, in the order that people read them in. */
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

/** Without the spaces, and with what Slack escapes as it was. */
const plainly = (text: string): string =>
  text.replace(/\s+/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
