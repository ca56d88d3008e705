/** The history of a service: its changes and every event of its registrations, newest first, a page at a time. */
import type { KnownBlock, ModalView } from '@slack/types';
import { z } from 'zod';
import type { HistoryEvent } from '../../domain/registration.ts';
import type { ServiceChange } from '../../domain/service.ts';
import {
  button,
  context,
  dateTime,
  fields,
  mention,
  messageModal,
  mrkdwn,
  plain,
  quote,
  section,
  textElement,
} from '../blocks.ts';
import { publicIdPattern } from '../button-value.ts';
import { historyLine } from '../registration/history-modal.ts';
import { byActor, changedFields } from './timeline.ts';

/** The buttons that turn its pages. */
export const servicePages = ['service-history-newest', 'service-history-older'] as const;

/** How many events a page shows: a view takes 100 blocks, and each event up to two. */
export const maxEvents = 25;

/** The position of an event, which no other event of the service has. */
export type HistoryPosition = { at: Date; registration: number; version: number };

export type ServiceHistoryItem = HistoryPosition &
  ({ entry: HistoryEvent; application: string; requester: string } | { change: ServiceChange });

export type ServiceHistoryPage = {
  publicId: string;
  service: string;
  /** Newest first. */
  events: ServiceHistoryItem[];
  /** Whether these are the newest, and whether there are older ones. */
  newest: boolean;
  older: boolean;
};

export function serviceHistoryModal({ publicId, service, events, newest, older }: ServiceHistoryPage): ModalView {
  const last = events.at(-1);
  const buttons = [
    ...(newest ? [] : [button('service-history-newest', 'Newest', publicId)]),
    ...(older && last ? [button('service-history-older', 'Older', `${publicId}@${encodePosition(last)}`)] : []),
  ];
  return messageModal('History of a service', [
    fields('service', [{ label: 'Service', value: [textElement(service, 150)] }]),
    ...(events.length === 0 ? [{ ...context('Nothing has happened yet.'), block_id: 'nothing' }] : []),
    ...events.flatMap(eventBlocks),
    ...(buttons.length > 0 ? [{ type: 'actions' as const, block_id: 'pages', elements: buttons }] : []),
  ]);
}

function eventBlocks(event: ServiceHistoryItem): KnownBlock[] {
  const key = `${event.registration}-${event.version}`;
  if ('change' in event) {
    const { change } = event;
    const what = change.before ? `Changed by ${byActor(change)}` : `Added by ${byActor(change)}`;
    const line = { ...section(`:pencil2: *${what}* ${dateTime(change.at)}`), block_id: `change-${key}` };
    // Of a new service, what was filled in; of a change, every field that changed.
    return [line, ...changedFields(`change-${key}`, [change])];
  }
  const { entry, application, requester } = event;
  const asked = entry.actor === requester ? '' : `, requested by ${mention(requester)}`;
  return [
    {
      type: 'section',
      block_id: `event-${key}`,
      fields: [plain(application, 150), mrkdwn(`${historyLine(entry)}${asked}`)],
    },
    ...(entry.reason ? [quote(`why-${key}`, entry.reason)] : []),
  ];
}

const encodePosition = ({ at, registration, version }: HistoryPosition): string =>
  `${at.getTime()}.${registration}.${version}`;

const pageButtonValue = z
  .string()
  .regex(new RegExp(`^${publicIdPattern}(@\\d{1,14}\\.\\d{1,15}\\.\\d{1,9})?$`))
  .transform((text) => {
    const [publicId = '', place] = text.split('@');
    const [at = 0, registration = 0, version = 0] = (place ?? '').split('.').map(Number);
    return { publicId, before: place ? { at: new Date(at), registration, version } : null };
  });

/** Parses the service and the page that a button turns to; undefined for a forged value. */
export const readHistoryPage = (value: unknown): { publicId: string; before: HistoryPosition | null } | undefined =>
  pageButtonValue.safeParse(value).data;
