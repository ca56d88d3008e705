/** Pagination of the Home's lists. */
import type { KnownBlock } from '@slack/types';
import { z } from 'zod';
import { atLeast, type Page } from '../../domain/pagination.ts';
import { button, context } from '../blocks.ts';

/** The buttons that turn pages, and which list each turns; their value is the page that they turn to. */
export const pageButtons = [
  ['home-queue-previous', 'queuePage'],
  ['home-queue-next', 'queuePage'],
  ['home-mine-previous', 'minePage'],
  ['home-mine-next', 'minePage'],
  ['home-catalog-previous', 'catalogPage'],
  ['home-catalog-next', 'catalogPage'],
] as const;

/** Renders which page this is, and the buttons to the others; nothing where there is one page. */
export function pager(
  list: 'queue' | 'mine' | 'catalog',
  { page, pages, total }: Page<unknown>,
  noun: 'request' | 'line' | 'service',
): KnownBlock[] {
  if (pages === 1) return [];
  const previous = page > 1 ? [button(`home-${list}-previous`, 'Previous', String(page - 1))] : [];
  const following = page < pages ? [button(`home-${list}-next`, 'Next', String(page + 1))] : [];
  return [
    { type: 'actions', block_id: `turn-${list}`, elements: [...previous, ...following] },
    {
      ...context(`Page ${page} of ${pages}, ${atLeast(total)} ${total === 1 ? noun : `${noun}s`} in all.`),
      block_id: `page-${list}`,
    },
  ];
}

const turnedTo = z
  .string()
  .regex(/^[1-9]\d{0,5}$/)
  .transform(Number);

/** Parses the page that a button turns to; the first for a forged value. */
export const readPage = (value: unknown): number => turnedTo.safeParse(value).data ?? 1;
