/** The approver's part of the Home: the requests that wait for their decision, and the fields that narrow them down. */

import type { ActionsBlock, KnownBlock, PlainTextOption } from '@slack/types';
import { z } from 'zod';
import { nameLimit } from '../../domain/application.ts';
import { formatAge } from '../../domain/duration.ts';
import type { Page } from '../../domain/pagination.ts';
import { cut, storable } from '../../domain/text.ts';
import { button, header, input, option, person, picker, section, words } from '../blocks.ts';
import { decisions } from '../registration/card.ts';
import { turning } from './pagination.ts';

/** How many requests a page holds. */
export const waitingAtMost = 11;

export const servicePicker = 'home-service';
export const searchField = 'home-search';
export const showAll = 'home-all';

/** A pending request that the person may decide. */
export type Waiting = {
  id: number;
  version: number;
  service: string;
  application: string;
  requester: string;
  reason: string;
  requestedAt: Date;
  cardChannel: string | null;
};

type Service = { id: number; slug: string; name: string };

/** What the queue is narrowed to. `service` is undefined also where the chosen one is not in the catalog any more. */
type Filter = { active: boolean; service: Service | undefined; search: string };

export type Queue = Page<Waiting> & { filter: Filter };

export function queue(waiting: Queue, now: Date): KnownBlock[] {
  const { total, filter, rows } = waiting;
  const nothing = filter.active ? 'No pending request matches.' : 'Nothing waits for your decision.';
  return [
    header('queue', 'Waiting for your decision'),
    ...(total > 0 || filter.active ? narrowing(filter) : []),
    ...(total === 0 ? [{ ...section(nothing), block_id: 'nothing-waits' }] : []),
    ...rows.flatMap((request) => asking(request, now)),
    ...turning('queue', waiting, total === 1 ? 'request' : 'requests'),
    { type: 'divider', block_id: 'end-of-queue' },
  ];
}

/** Slack keeps what is in a field while its block_id stays the same; another one shows what the filter now is. */
function narrowing({ active, service, search }: Filter): KnownBlock[] {
  const services = picker(servicePicker, 'All services');
  const chosen = service ? { ...services, initial_option: serviceOption(service) } : services;
  const typed = search === '' ? {} : { initial_value: search };
  const all: ActionsBlock = { type: 'actions', block_id: 'all', elements: [button(showAll, 'Show all', 'all')] };
  return [
    { ...input(`service-${service?.id ?? 'all'}`, 'Service', chosen), dispatch_action: true },
    {
      ...input(
        `search-${search}`,
        'Application',
        { type: 'plain_text_input', action_id: searchField, max_length: nameLimit, ...typed },
        'Type a part of its name and press Enter.',
      ),
      dispatch_action: true,
    },
    ...(active ? [all] : []),
  ];
}

/** A request as the card has it, in two blocks, with the card's own buttons. */
function asking(request: Waiting, now: Date): KnownBlock[] {
  const { id, version, service, application, requester, reason, requestedAt, cardChannel } = request;
  return [
    {
      type: 'rich_text',
      block_id: `request-${id}`,
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'text', text: `${cut(service, 150)} — ${application}`, style: { bold: true } },
            words(', asked for by '),
            person(requester),
            words(`, waiting ${formatAge(requestedAt, now)}`),
            ...(cardChannel ? [words(', card in '), { type: 'channel' as const, channel_id: cardChannel }] : []),
          ],
        },
        { type: 'rich_text_quote', elements: [words(reason, 300)] },
      ],
    },
    {
      type: 'actions',
      block_id: `decide-${id}`,
      elements: decisions({ id, version, status: 'pending', applicationDeleted: false }),
    },
  ];
}

/** A service in the picker that narrows the queue. */
export const serviceOption = ({ id, slug, name }: Service): PlainTextOption =>
  option(name.replace(/\s+/g, ' '), String(id), slug);

const chosen = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);

/** The service that was chosen; null for none. */
export const serviceChosen = (value: unknown): number | null => chosen.safeParse(value).data ?? null;

/** What was searched for, no longer than a name can be. */
export const searched = (value: unknown): string =>
  cut(storable(z.string().safeParse(value).data ?? ''), nameLimit, '').trim();
