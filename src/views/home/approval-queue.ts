/** The approver's part of the Home: the pending requests that they may decide, and the fields that filter them. */

import type { ActionsBlock, KnownBlock, PlainTextOption } from '@slack/types';
import { z } from 'zod';
import { applicationNameLimit } from '../../domain/application.ts';
import { formatAge } from '../../domain/duration.ts';
import { atLeast, type Page } from '../../domain/pagination.ts';
import type { ServiceState } from '../../domain/service.ts';
import { toStorable, truncate } from '../../domain/text.ts';
import { button, header, input, oneLine, option, person, picker, section, textElement } from '../blocks.ts';
import { publicId } from '../button-value.ts';
import { decisionButtons, noteMenus } from '../registration/card.ts';
import { closedText } from '../service/state.ts';
import { pager } from './pagination.ts';

/** How many requests a page holds. */
export const maxQueued = 10;

/** From how many requests on the list can be filtered. */
const filteredFrom = 10;

export const servicePicker = 'home-service';
export const searchField = 'home-search';
export const showAllButton = 'home-all';

/** A pending request that the person may decide. */
export type QueueItem = {
  id: number;
  publicId: string;
  version: number;
  service: string;
  application: string;
  requester: string;
  reason: string;
  requestedAt: Date;
  cardChannel: string | null;
  state: ServiceState;
};

type Service = { publicId: string; slug: string; name: string };

/** The filter of the queue. `service` is undefined also where the chosen one is no longer in the catalog. */
type Filter = { active: boolean; service: Service | undefined; search: string };

export type ApprovalQueue = Page<QueueItem> & { filter: Filter };

export function queueBlocks(waiting: ApprovalQueue, now: Date): KnownBlock[] {
  const { total, filter, rows } = waiting;
  const nothing = filter.active ? 'No pending request matches.' : 'Nothing to review.';
  return [
    header('queue', total > 0 ? `To review (${atLeast(total)})` : 'To review'),
    ...(total >= filteredFrom || filter.active ? filterBlocks(filter) : []),
    ...(total === 0 ? [{ ...section(nothing), block_id: 'nothing-waits' }] : []),
    ...rows.flatMap((request) => requestBlocks(request, now)),
    ...pager('queue', waiting, 'request'),
    { type: 'divider', block_id: 'end-of-queue' },
  ];
}

/**
 * Renders the fields of the filter. Slack keeps the content of a field while its block_id stays the same; a new one
 * shows the current filter.
 */
function filterBlocks({ active, service, search }: Filter): KnownBlock[] {
  const services = picker(servicePicker, 'All services');
  const chosen = service ? { ...services, initial_option: queueServiceOption(service) } : services;
  const typed = search === '' ? {} : { initial_value: search };
  const all: ActionsBlock = { type: 'actions', block_id: 'all', elements: [button(showAllButton, 'Show all', 'all')] };
  return [
    { ...input(`service-${service?.publicId ?? 'all'}`, 'Service', chosen), dispatch_action: true },
    {
      ...input(
        `search-${search}`,
        'Application',
        { type: 'plain_text_input', action_id: searchField, max_length: applicationNameLimit, ...typed },
        'Type a part of its name and press Enter.',
      ),
      dispatch_action: true,
    },
    ...(active ? [all] : []),
  ];
}

/** Renders a request like its card, in two blocks, with the buttons of the card. */
function requestBlocks(request: QueueItem, now: Date): KnownBlock[] {
  const { id, publicId, version, service, application, requester, reason, requestedAt, cardChannel, state } = request;
  const pending = { publicId, version, status: 'pending', applicationDeleted: false } as const;
  return [
    {
      type: 'rich_text',
      block_id: `request-${id}`,
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'text', text: `${truncate(service, 150)} — ${application}`, style: { bold: true } },
            textElement(', requested by '),
            person(requester),
            textElement(`, waiting ${formatAge(requestedAt, now)}`),
            ...(cardChannel ? [textElement(', card in '), { type: 'channel' as const, channel_id: cardChannel }] : []),
            ...(state === 'open' ? [] : [textElement(`.${closedText(state)}`)]),
          ],
        },
        { type: 'rich_text_quote', elements: [textElement(reason, 300)] },
      ],
    },
    {
      type: 'actions',
      block_id: `decide-${id}`,
      elements: [...decisionButtons(pending), ...noteMenus(pending)],
    },
  ];
}

const queueServiceOption = ({ publicId, name }: Service): PlainTextOption => option(oneLine(name), publicId);

/** Builds the options of the picker that filters the queue by service. The slug tells apart what would read the same. */
export function queueServiceOptions(services: Service[]): PlainTextOption[] {
  const options = services.map((service) => ({ service, plain: queueServiceOption(service) }));
  const alike = Map.groupBy(options, (one) => one.plain.text.text);
  return options.map(({ service, plain }) =>
    (alike.get(plain.text.text) ?? []).length > 1
      ? option(oneLine(service.name), service.publicId, service.slug)
      : plain,
  );
}

/** Reads the public id of the chosen service; undefined for none. */
export const readServiceFilter = (value: unknown): string | undefined => publicId.safeParse(value).data;

/** Reads the search text, truncated to the longest name. */
export const readSearch = (value: unknown): string =>
  truncate(toStorable(z.string().safeParse(value).data ?? ''), applicationNameLimit, '').trim();
