/** What happened to a registration, in words. */
import type { RichTextBlock, RichTextElement } from '@slack/types';
import type { Action, Earlier, Entry, Status } from '../../domain/registration.ts';
import { cut } from '../../domain/text.ts';
import { mention, moment, name, person, words } from '../blocks.ts';

/** The past of each action: "approved", as in "Approved by @alex". */
export const past = {
  approve: 'approved',
  reject: 'rejected',
  revoke: 'revoked',
  reinstate: 'reinstated',
  edit: 'reason edited',
  unregister: 'unregistered',
  delete: 'deleted',
  expire: 'expired',
} as const satisfies Record<Action, string>;

export const mark: Record<Status, string> = {
  pending: ':hourglass_flowing_sand:',
  approved: ':white_check_mark:',
  rejected: ':no_entry_sign:',
  revoked: ':no_entry_sign:',
  unregistered: ':wastebasket:',
  deleted: ':wastebasket:',
  expired: ':alarm_clock:',
};

/** "Approved by @alex"; `called` says how a person is named. Only an approval without a person behind it was automatic. */
export function said({ action, actor }: Entry, called: (id: string) => string = mention): string {
  if (action === 'request') return 'Approved automatically';
  return actor ? `${capital(past[action])} by ${called(actor)}` : capital(past[action]);
}

/** The reason, at the end of a message's `text`. */
export const because = (reason: string | null): string => (reason ? ` Reason: ${name(reason, 500)}` : '');

/** The events that a card tells of: all but the request itself, where that was only the beginning. */
export const decided = (story: Entry[]): Entry[] =>
  story.filter(({ action, to }) => action !== 'request' || to === 'approved');

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** How many of an earlier request's last events are told. */
const lastEvents = 2;

/** How earlier requests of this application, or of this person, for this service ended. */
export function earlierRequests(earlier: Earlier[]): RichTextBlock[] {
  if (earlier.length === 0) return [];
  const heading: RichTextElement = { type: 'text', text: 'Earlier requests for this service', style: { bold: true } };
  const told = earlier.flatMap(({ application, requester, requestedAt, story }) => [
    words('\n• '),
    words(application, 60),
    words(', by '),
    person(requester),
    words(', '),
    moment(requestedAt),
    words(': '),
    ...ending(decided(story)),
  ]);
  return [
    { type: 'rich_text', block_id: 'earlier', elements: [{ type: 'rich_text_section', elements: [heading, ...told] }] },
  ];
}

function ending(told: Entry[]): RichTextElement[] {
  const story = told.filter(({ action }) => action !== 'edit');
  if (story.length === 0) return [words('still pending')];
  return story
    .slice(-lastEvents)
    .flatMap(({ action, actor, reason }, index) => [
      words(`${index > 0 ? ', then ' : ''}${action === 'request' ? 'approved automatically' : past[action]}`),
      ...(actor && action !== 'request' ? [words(' by '), person(actor)] : []),
      ...(reason && action !== 'request' ? [words(` (“${cut(reason, 100)}”)`)] : []),
    ]);
}
