/** The digest: how a channel's week was, in textElement and as a chart. */
import type { RichTextElement } from '@slack/types';
import { type Day, hasBars, totalsOf, type Week } from '../../domain/digest.ts';
import { formatAge, formatDuration } from '../../domain/duration.ts';
import { fields, header, textElement } from '../blocks.ts';
import { barChart, type DataVisualizationBlock } from '../chart.ts';
import type { Message } from '../message.ts';

type Options = {
  /** The address of the oldest request's card. */
  link: string | undefined;
  /** False where Slack does not take charts. */
  withChart: boolean;
};

export function digestMessage(week: Week, { link, withChart }: Options, now: Date): Message {
  const { opened, approved, rejected } = totalsOf(week);
  const title = `Access requests, ${dates(week)}`;
  return {
    text: `${title}: ${opened} opened, ${approved + rejected} decided, ${week.waiting} still waiting.`,
    blocks: [
      header('title', title),
      fields('week', rows(week, link, now)),
      ...(withChart && hasBars(week) ? [chart(week)] : []),
    ],
  };
}

function rows(week: Week, link: string | undefined, now: Date) {
  const { opened, approved, rejected } = totalsOf(week);
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
  const row = (label: string, text: string, ...more: RichTextElement[]) => ({
    label,
    value: [textElement(text), ...more],
  });
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
            ...(link ? [textElement(' · '), { type: 'link' as const, url: link, text: 'Open the card' }] : []),
          ),
        ]
      : []),
  ];
}

/** Formats counts as "8 approved, 2 rejected"; empty where all are none. */
const counted = (counts: [number, string][]): string =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');

/** Renders how many requests were opened and decided on each day. */
const chart = ({ days }: Week): DataVisualizationBlock =>
  barChart('chart', 'Requests by day', days.map(weekday), [
    { name: 'Opened', values: days.map(({ opened }) => opened) },
    { name: 'Approved', values: days.map(({ approved }) => approved) },
    { name: 'Rejected', values: days.map(({ rejected }) => rejected) },
  ]);

/** Returns a day's midnight. A day is a date without a time: it is read, and written, as if the world were one zone. */
const midnight = ({ date }: Day): Date => new Date(`${date}T00:00:00Z`);
const weekdays = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', timeZone: 'UTC' });
const spans = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });

/** Formats a day as "Mon 16". */
const weekday = (day: Day): string => weekdays.format(midnight(day));

/** Formats a week as "16 – 22 November". */
function dates({ days }: Week): string {
  const [first, last] = [days[0], days.at(-1)];
  // Intl puts thin spaces around the dash, which not every screen has.
  return first && last ? spans.formatRange(midnight(first), midnight(last)).replaceAll('\u2009', ' ') : '';
}
