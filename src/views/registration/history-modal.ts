/** The history of a registration: every event, newest first, a page at a time. */
import type { ActionsBlock, KnownBlock, ModalView } from '@slack/types';
import type { Entry } from '../../domain/registration.ts';
import { button, context, lines, mention, quote, saying, section, when, words } from '../blocks.ts';
import { mark, said } from './timeline.ts';

/** The card's button and the modal's own. All of them carry `id@version`; the modal's, the newest version to be shown. */
export const historyId = 'history';
export const historyPages = ['history-newer', 'history-older'] as const;

/** How many events a page shows: a view takes 100 blocks, and each event up to two. */
export const pageSize = 25;

const title = 'History';

export type Page = {
  id: number;
  /** The newest version on this page, and the newest there is. Versions are counted without a gap, from 1. */
  from: number;
  latest: number;
  service: string;
  application: string;
  /** Newest first. */
  entries: Entry[];
};

export function historyModal({ id, from, latest, service, application, entries }: Page): ModalView {
  const oldest = from - entries.length + 1;
  const elements: ActionsBlock['elements'] = [];
  if (from < latest) elements.push(button('history-newer', 'Newer', `${id}@${Math.min(from + pageSize, latest)}`));
  if (oldest > 1) elements.push(button('history-older', 'Older', `${id}@${oldest - 1}`));
  const paging: KnownBlock[] = [
    { ...context(`Events ${oldest} to ${from} of ${latest}, the newest first`), block_id: 'shown' },
    { type: 'actions', block_id: 'pages', elements },
  ];
  return saying(title, [
    lines('request', [
      { label: 'Service', value: [words(service, 150)] },
      { label: 'Application', value: [words(application, 150)] },
    ]),
    ...entries.flatMap(told),
    ...(elements.length > 0 ? paging : []),
  ]);
}

/** Who, what, when, and from which status to which. */
export function eventLine(entry: Entry): string {
  const { action, actor, from, to, at } = entry;
  const headline = action === 'request' && actor ? `Requested by ${mention(actor)}` : said(entry);
  return `${mark[to]} *${headline}* ${when(at)}\n${from ? `${from} → ` : ''}${to}`;
}

/** That, and why. */
function told(entry: Entry): KnownBlock[] {
  const { version, reason } = entry;
  return [
    { ...section(eventLine(entry)), block_id: `event-${version}` },
    ...(reason ? [quote(`why-${version}`, reason)] : []),
  ];
}

/** What opens while the record is still being read. */
export const reading: ModalView = saying(title, [section(':hourglass_flowing_sand: *Reading the record.*')]);

/** What that becomes where the person may not read it, or it could not be read. */
export const unread = (why: string): ModalView =>
  saying(title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
