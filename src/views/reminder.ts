/** The reminder: one message that lists what a channel has not answered yet. */
import type { RichTextElement, RichTextSection } from '@slack/types';
import { age } from '../domain/reminder.ts';
import { context, person, section, words } from './blocks.ts';
import type { Message } from './card.ts';

/** How many requests a reminder lists; the rest is counted. */
const listedAtMost = 20;

type Waiting = { service: string; application: string; requester: string; requestedAt: Date; link: string | undefined };

/** The requests that a reminder of so many lists, of which the links are worth looking up. */
export const listed = <T>(waiting: T[]): T[] => waiting.slice(0, listedAtMost);

/** Draws a reminder of `waiting` requests, oldest first, of `total` in all. */
export function reminder(waiting: Waiting[], total: number, now: Date): Message {
  const headline = total === 1 ? 'A request is waiting for a decision' : `${total} requests are waiting for a decision`;
  const more = total - waiting.length;
  return {
    text: `${headline}.`,
    blocks: [
      { ...section(`:bell: *${headline}.*`), block_id: 'headline' },
      {
        type: 'rich_text',
        block_id: 'waiting',
        elements: [{ type: 'rich_text_list', style: 'bullet', elements: waiting.map((one) => row(one, now)) }],
      },
      ...(more > 0 ? [{ ...context(`and ${more} more`), block_id: 'more' }] : []),
    ],
  };
}

function row({ service, application, requester, requestedAt, link }: Waiting, now: Date): RichTextSection {
  const card: RichTextElement[] = link ? [words(' · '), { type: 'link', url: link, text: 'Open the card' }] : [];
  return {
    type: 'rich_text_section',
    elements: [
      { type: 'text', text: `${service} — ${application}`, style: { bold: true } },
      words(', asked for by '),
      person(requester),
      words(`, waiting ${age(requestedAt, now)}`),
      ...card,
    ],
  };
}
