/** The history of a registration: every event, newest first, a page at a time. */
import type { ActionsBlock, KnownBlock, ModalView } from '@slack/types';
import type { HistoryEvent } from '../../domain/registration.ts';
import { button, context, dateTime, fields, mention, messageModal, quote, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import { eventTitle, statusEmoji } from './timeline.ts';

/**
 * The button of the card, and those of the modal. All of them carry `publicId@version`; those of the modal, the newest
 * version to show.
 */
export const historyButton = 'history';
export const historyPages = ['history-newer', 'history-older'] as const;

/** How many events a page shows: a view takes 100 blocks, and each event up to two. */
export const pageSize = 25;

const title = 'History';

export type HistoryPage = {
  publicId: string;
  /** The newest version on this page, and the newest there is. Versions are counted without a gap, from 1. */
  from: number;
  latest: number;
  service: string;
  application: string;
  /** Newest first. */
  entries: HistoryEvent[];
};

export function historyModal({ publicId, from, latest, service, application, entries }: HistoryPage): ModalView {
  const oldest = from - entries.length + 1;
  const elements: ActionsBlock['elements'] = [];
  if (from < latest)
    elements.push(
      button('history-newer', 'Newer', buttonValue({ publicId, version: Math.min(from + pageSize, latest) })),
    );
  if (oldest > 1) elements.push(button('history-older', 'Older', buttonValue({ publicId, version: oldest - 1 })));
  const paging: KnownBlock[] = [
    { ...context(`Events ${oldest} to ${from} of ${latest}, the newest first`), block_id: 'shown' },
    { type: 'actions', block_id: 'pages', elements },
  ];
  return messageModal(title, [
    fields('request', [
      { label: 'Service', value: [textElement(service, 150)] },
      { label: 'Application', value: [textElement(application, 150)] },
    ]),
    ...entries.flatMap(eventBlocks),
    ...(elements.length > 0 ? paging : []),
  ]);
}

/** Says who did what and when, and from which status to which. */
export function historyLine(entry: HistoryEvent): string {
  const { action, actor, from, to, at } = entry;
  const headline = action === 'request' && actor ? `Requested by ${mention(actor)}` : eventTitle(entry);
  return `${statusEmoji[to]} *${headline}* ${dateTime(at)}\n${from ? `${from} → ` : ''}${to}`;
}

/** Renders an event, and its reason. */
function eventBlocks(entry: HistoryEvent): KnownBlock[] {
  const { version, reason } = entry;
  return [
    { ...section(historyLine(entry)), block_id: `event-${version}` },
    ...(reason ? [quote(`why-${version}`, reason)] : []),
  ];
}

/** Opened while the history is still being loaded. */
export const loadingHistory: ModalView = messageModal(title, [
  section(':hourglass_flowing_sand: *Loading the history.*'),
]);

/** Replaces it where the user may not read the history, or it could not be loaded. */
export const historyUnavailable = (why: string): ModalView =>
  messageModal(title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
