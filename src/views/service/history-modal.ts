/** The history of a service: what was changed of it, and every event of its registrations, newest first, a page at a time. */
import type { KnownBlock, ModalView } from '@slack/types';
import { z } from 'zod';
import type { Entry } from '../../domain/registration.ts';
import type { ServiceChange } from '../../domain/service.ts';
import { button, context, lines, mention, mrkdwn, plain, quote, saying, section, when, words } from '../blocks.ts';
import { eventLine } from '../registration/history-modal.ts';
import { changedFields, changer } from './timeline.ts';

/** The buttons that turn its pages. */
export const servicePages = ['service-history-newest', 'service-history-older'] as const;

/** How many events a page shows: a view takes 100 blocks, and each event up to two. */
export const eventsAtMost = 25;

/** What tells an event from every other of the service. */
export type Place = { at: Date; registration: number; version: number };

export type Told = Place & ({ entry: Entry; application: string; requester: string } | { change: ServiceChange });

export type Page = {
  id: number;
  service: string;
  /** Newest first. */
  events: Told[];
  /** Whether these are the newest, and whether there are older ones. */
  newest: boolean;
  older: boolean;
};

export function serviceHistoryModal({ id, service, events, newest, older }: Page): ModalView {
  const last = events.at(-1);
  const buttons = [
    ...(newest ? [] : [button('service-history-newest', 'Newest', `${id}`)]),
    ...(older && last ? [button('service-history-older', 'Older', `${id}@${written(last)}`)] : []),
  ];
  return saying('History of a service', [
    lines('service', [{ label: 'Service', value: [words(service, 150)] }]),
    ...(events.length === 0 ? [{ ...context('Nothing has happened yet.'), block_id: 'nothing' }] : []),
    ...events.flatMap(told),
    ...(buttons.length > 0 ? [{ type: 'actions' as const, block_id: 'pages', elements: buttons }] : []),
  ]);
}

function told(event: Told): KnownBlock[] {
  const key = `${event.registration}-${event.version}`;
  if ('change' in event) {
    const { change } = event;
    const what = change.before ? `Changed by ${changer(change)}` : `Added by ${changer(change)}`;
    const line = { ...section(`:pencil2: *${what}* ${when(change.at)}`), block_id: `change-${key}` };
    // What it began with is what it is called, at least; of a change, every field that changed.
    return [line, ...changedFields(`change-${key}`, [change])];
  }
  const { entry, application, requester } = event;
  const asked = entry.actor === requester ? '' : `, asked for by ${mention(requester)}`;
  return [
    {
      type: 'section',
      block_id: `event-${key}`,
      fields: [plain(application, 150), mrkdwn(`${eventLine(entry)}${asked}`)],
    },
    ...(entry.reason ? [quote(`why-${key}`, entry.reason)] : []),
  ];
}

const written = ({ at, registration, version }: Place): string => `${at.getTime()}.${registration}.${version}`;

const turned = z
  .string()
  .regex(/^[1-9]\d{0,14}(@\d{1,14}\.\d{1,15}\.\d{1,9})?$/)
  .transform((text) => {
    const [id, place] = text.split('@');
    const [at = 0, registration = 0, version = 0] = (place ?? '').split('.').map(Number);
    return { id: Number(id), before: place ? { at: new Date(at), registration, version } : null };
  });

/** Which page of which service a button turns to; undefined for a value that was made up. */
export const turnedTo = (value: unknown): { id: number; before: Place | null } | undefined =>
  turned.safeParse(value).data;
