/** What replaces a copy of a message that Slack does not let the bot delete. */
import { context } from '../blocks.ts';
import type { Message } from '../message.ts';

/** Renders the replacement, with a link to the message that counts. */
export function copyMessage(link: string | undefined): Message {
  const original = link ? `<${link}|The other one> counts.` : 'The other one counts.';
  return {
    text: 'This was a copy of another message.',
    blocks: [{ ...context(`Slack posted this message twice. This was the copy. ${original}`), block_id: 'copy' }],
  };
}
