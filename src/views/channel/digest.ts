/** The digest: how a channel's week was, in words, and the same in a picture with its words. */

import type { ImageBlock, RichTextElement } from '@slack/types';
import { type Day, totals, type Week } from '../../domain/digest.ts';
import { formatAge, formatDuration } from '../../domain/duration.ts';
import { header, lines, words } from '../blocks.ts';
import type { Message } from '../message.ts';

type Shown = {
  /** The oldest request's card. */
  link: string | undefined;
  /** The file that is its picture. */
  picture: string | undefined;
};

export function digest(week: Week, { link, picture }: Shown, now: Date): Message {
  const { opened, approved, rejected } = totals(week);
  const title = `Access requests, ${dates(week)}`;
  return {
    text: `${title}: ${opened} opened, ${approved + rejected} decided, ${week.waiting} still waiting.`,
    blocks: [header('title', title), lines('week', rows(week, link, now)), ...(picture ? [image(week, picture)] : [])],
  };
}

function rows(week: Week, link: string | undefined, now: Date) {
  const { opened, approved, rejected } = totals(week);
  const { automatic, timeToDecision, waiting, oldest } = week;
  const closed = counted([
    [week.withdrawn, 'withdrawn'],
    [week.deleted, 'deleted'],
    [week.expired, 'expired'],
  ]);
  const decided = counted([
    [approved, 'approved'],
    [rejected, 'rejected'],
  ]);
  const row = (label: string, text: string, ...more: RichTextElement[]) => ({ label, value: [words(text), ...more] });
  return [
    row('Opened', `${opened || 'none'}${automatic > 0 ? `, ${automatic} of them approved automatically` : ''}`),
    row('Decided', decided ? `${approved + rejected}: ${decided}` : 'none'),
    ...(timeToDecision
      ? [
          row('Median time to decision', formatDuration(timeToDecision.median)),
          row('95th percentile', formatDuration(timeToDecision.percentile95)),
        ]
      : []),
    ...(closed ? [row('Ended without a decision', closed)] : []),
    row('Still waiting', `${waiting || 'none'}`),
    ...(oldest
      ? [
          row(
            'Oldest',
            `${oldest.service} — ${oldest.application}, waiting ${formatAge(oldest.requestedAt, now)}`,
            ...(link ? [words(' · '), { type: 'link' as const, url: link, text: 'Open the card' }] : []),
          ),
        ]
      : []),
  ];
}

/** "8 approved, 2 rejected"; empty where all are none. */
const counted = (counts: [number, string][]): string =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');

const image = (week: Week, picture: string): ImageBlock => ({
  type: 'image',
  block_id: 'picture',
  slack_file: { id: picture },
  alt_text: inWords(week),
});

/** What the picture shows, for whoever does not see it. */
function inWords(week: Week): string {
  const told = week.days.map((day) => {
    const counts = counted([
      [day.opened, 'opened'],
      [day.approved, 'approved'],
      [day.rejected, 'rejected'],
    ]);
    return `${weekday(day)}: ${counts || 'nothing'}`;
  });
  return `Bar chart of the requests of ${dates(week)}, day by day. ${told.join('; ')}.`;
}

/** The picture's bars. */
export const bars = ({ days }: Week) => days.map((day) => ({ ...day, label: weekday(day) }));

/** A day is a date without a time: it is read, and written, as if the world were one zone. */
const midnight = ({ date }: Day): Date => new Date(`${date}T00:00:00Z`);
const weekdays = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', timeZone: 'UTC' });
const spans = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });

/** "Mon 16" */
const weekday = (day: Day): string => weekdays.format(midnight(day));

/** "16 – 22 November" */
function dates({ days }: Week): string {
  const [first, last] = [days[0], days.at(-1)];
  // Intl puts thin spaces around the dash, which not every screen has.
  return first && last ? spans.formatRange(midnight(first), midnight(last)).replaceAll('\u2009', ' ') : '';
}
