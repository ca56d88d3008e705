/** The direct message that reminds an approver who cannot see the cards of what they can decide, in Home. */
import type { KnownBlock } from '@slack/types';
import { atLeast } from '../../domain/pagination.ts';
import { capitalize } from '../../domain/text.ts';
import { section } from '../blocks.ts';
import { fieldsOf, type ReminderRow, rest } from '../channel/reminder.ts';
import type { Message } from '../message.ts';
import { openHome } from './approver-message.ts';
import { describeEnd, type Over, row } from './pending-message.ts';

type Reader = {
  /** How many requests wait for them: those listed, and more. */
  total: number;
  /** The link that opens Home; undefined where it is not known. */
  home: string | undefined;
  now: Date;
};

/** Renders the requests of a reminder to their approver: those that wait for them, oldest first, and the others. */
export function approverReminder(waiting: ReminderRow[], others: Over[], { total, home, now }: Reader): Message {
  const headline = headlineOf(others.length, total);
  const icon = total > 0 ? ':bell:' : ':ballot_box_with_check:';
  const actions: KnownBlock[] =
    total > 0 && home ? [{ type: 'actions', block_id: 'home', elements: [openHome(home)] }] : [];
  return {
    text: `${headline}.`,
    blocks: [
      { ...section(`${icon} *${headline}.*`), block_id: 'headline' },
      ...waiting.map(
        (one): KnownBlock => ({ type: 'section', block_id: `request-${one.id}`, fields: fieldsOf(one, now) }),
      ),
      ...others.map((one) => row(one, one.status === 'pending' ? 'Someone else decides it now' : describeEnd(one))),
      ...rest(waiting.length, total),
      ...actions,
    ],
  };
}

function headlineOf(others: number, total: number): string {
  if (total > 1) return `${capitalize(atLeast(total))} requests are still waiting for your decision`;
  if (total === 1) return 'A request is still waiting for your decision';
  return others === 1 ? 'This request is no longer waiting for you' : 'These requests are no longer waiting for you';
}
