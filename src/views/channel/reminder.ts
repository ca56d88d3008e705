/** The reminder: one message that lists a channel's pending requests. */

import type { ContextBlock, SectionBlock, TextObject } from '@slack/types';
import { formatAge } from '../../domain/duration.ts';
import { atLeast } from '../../domain/pagination.ts';
import { type Mentions, maxReminders } from '../../domain/reminder.ts';
import type { ServiceState } from '../../domain/service.ts';
import { capitalize, truncate } from '../../domain/text.ts';
import { button, context, date, dateTime, mention, mrkdwn, plain, section } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';
import { closedText } from '../service/state.ts';

/** How many requests a reminder lists; the rest is counted. */
export const maxListed = 20;

/** How many people and groups it mentions; the rest is counted. */
const maxMentioned = 50;

/** The longest name: all texts of a message together may have about 13,200 characters. */
const maxNameLength = 75;

export const snoozeButton = 'put-off';

export type ListedRequest = {
  id: number;
  publicId: string;
  version: number;
  service: string;
  application: string;
  /** The name of the requester, whom a reminder does not mention. */
  called: string;
  requestedAt: Date;
  /** The address of its card. */
  link: string | undefined;
};

export type ReminderRow = ListedRequest & {
  state: ServiceState;
  /** The channel whose approvers decide it, where that is another one. */
  elsewhere: { channel: string | null } | undefined;
  /** When it expires, where no other reminder comes before. */
  expires: Date | undefined;
  snoozed: { by: string; until: Date } | undefined;
};

/** Renders a reminder of these requests, oldest first, out of `total`. */
export function reminderMessage(waiting: ReminderRow[], total: number, mentioned: Mentions, now: Date): Message {
  const headline =
    total === 1
      ? 'A request is waiting for a decision'
      : `${capitalize(atLeast(total))} requests are waiting for a decision`;
  const whom = [...mentioned.users, ...mentioned.groups];
  const elsewhere = waiting.some((one) => one.elsewhere);
  return {
    text: `${headline}.`,
    blocks: [
      { ...section(`:bell: *${headline}.*`), block_id: 'headline' },
      ...(whom.length > 0 ? [{ ...section(`For ${mentionList(whom)}.`), block_id: 'mentioned' }] : []),
      ...waiting.map((one) => row(one, now)),
      ...rest(waiting.length, total),
      ...(elsewhere ? [{ ...context(whyHere), block_id: 'elsewhere' }] : []),
    ],
  };
}

const whyHere = 'Requests from other channels are listed here from their third reminder on.';

function mentionList(ids: string[]): string {
  const shown = ids.slice(0, maxMentioned).map(mention);
  const more = ids.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return shown.length > 0 ? `${shown.join(', ')} and ${last}` : `${last}`;
}

function row(waiting: ReminderRow, now: Date): SectionBlock {
  const { id, elsewhere, snoozed } = waiting;
  const later =
    snoozed || elsewhere ? {} : { accessory: button(snoozeButton, 'Snooze until tomorrow', buttonValue(waiting)) };
  return { type: 'section', block_id: `request-${id}`, fields: fieldsOf(waiting, now), ...later };
}

/** Renders a request: its names, and since when it waits. */
export function fieldsOf(waiting: ReminderRow, now: Date): TextObject[] {
  const { elsewhere, expires, snoozed, state } = waiting;
  const facts = [
    waitingLine(waiting, now),
    ...(elsewhere ? [elsewhere.channel ? `In <#${elsewhere.channel}>` : 'In another channel'] : []),
    ...(state === 'open' ? [] : [`:warning:${closedText(state)}`]),
    ...(expires ? [`:warning: Expires on ${date(expires)}`] : []),
    ...(snoozed ? [`:zzz: Snoozed until ${dateTime(snoozed.until)} by ${mention(snoozed.by)}`] : []),
  ];
  return [named(waiting), mrkdwn(facts.join('\n'))];
}

/** Renders the names as plain text, where they cannot mention. */
const named = ({ service, application, called }: ListedRequest) =>
  plain(
    `${truncate(service, maxNameLength)} — ${truncate(application, maxNameLength)}\nrequested by ${truncate(called, maxNameLength)}`,
  );

const waitingLine = ({ requestedAt, link }: ListedRequest, now: Date): string =>
  `Waiting ${formatAge(requestedAt, now)}${link ? ` · <${link}|Open the card>` : ''}`;

export const rest = (listed: number, total: number): ContextBlock[] =>
  total > listed ? [{ ...context(`and ${atLeast(total - listed, total)} more`), block_id: 'more' }] : [];

/** Replaces a reminder that Slack does not let the bot delete. */
export const replacedReminder: Message = {
  text: 'This reminder is over.',
  blocks: [
    {
      ...context('This reminder is over: there is a newer one, or nothing in it is waiting.'),
      block_id: 'replaced',
    },
  ],
};

/** Renders the requests that have had their last reminder. */
export function lastReminders(waiting: ListedRequest[], total: number, now: Date): Message {
  const headline =
    total === 1 ? 'A request had its last reminder' : `${capitalize(atLeast(total))} requests had their last reminder`;
  return {
    text: `${headline}.`,
    blocks: [
      {
        ...section(
          `:no_bell: *${headline}.* There is still no decision after ${maxReminders} reminders, and Registrar won’t send another.`,
        ),
        block_id: 'headline',
      },
      ...waiting.map(
        (one): SectionBlock => ({
          type: 'section',
          block_id: `request-${one.id}`,
          fields: [named(one), mrkdwn(waitingLine(one, now))],
        }),
      ),
      ...rest(waiting.length, total),
    ],
  };
}
