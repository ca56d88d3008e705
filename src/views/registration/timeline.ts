/** What happened to a registration, in words. */
import type { RichTextBlock, RichTextElement } from '@slack/types';
import type { Action, HistoryEvent, PreviousRequest, Status } from '../../domain/registration.ts';
import { truncate } from '../../domain/text.ts';
import { inlineText, mention, person, richDate, textElement } from '../blocks.ts';

/** The past of each action: "approved", as in "Approved by @alex". */
export const pastTense = {
  approve: 'approved',
  reject: 'rejected',
  revoke: 'revoked',
  reinstate: 'reinstated',
  edit: 'reason edited',
  unregister: 'unregistered',
  delete: 'deleted',
  expire: 'expired',
} as const satisfies Record<Action, string>;

export const statusEmoji: Record<Status, string> = {
  pending: ':hourglass_flowing_sand:',
  approved: ':white_check_mark:',
  rejected: ':no_entry_sign:',
  revoked: ':no_entry_sign:',
  unregistered: ':wastebasket:',
  deleted: ':wastebasket:',
  expired: ':alarm_clock:',
};

/** "Approved by @alex"; `called` says how a person is named. Only an approval without a person behind it was automatic. */
export function eventTitle({ action, actor }: HistoryEvent, called: (id: string) => string = mention): string {
  if (action === 'request') return 'Approved automatically';
  return actor ? `${capitalize(pastTense[action])} by ${called(actor)}` : capitalize(pastTense[action]);
}

/** The reason, at the end of a message's `text`. */
export const reasonSuffix = (reason: string | null): string => (reason ? ` Reason: ${inlineText(reason, 500)}` : '');

/** The events that a card tells of: all but the request itself, where that was only the beginning. */
export const decisionEvents = (history: HistoryEvent[]): HistoryEvent[] =>
  history.filter(({ action, to }) => action !== 'request' || to === 'approved');

export const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** How many of an earlier request's last events are told. */
const lastEvents = 2;

/** How earlier requests of this application, or of this person, for this service ended. */
export function earlierRequests(earlier: PreviousRequest[]): RichTextBlock[] {
  if (earlier.length === 0) return [];
  const heading: RichTextElement = { type: 'text', text: 'Earlier requests for this service', style: { bold: true } };
  const told = earlier.flatMap(({ application, requester, requestedAt, history }) => [
    textElement('\n• '),
    textElement(application, 60),
    textElement(', by '),
    person(requester),
    textElement(', '),
    richDate(requestedAt),
    textElement(': '),
    ...ending(decisionEvents(history)),
  ]);
  return [
    { type: 'rich_text', block_id: 'earlier', elements: [{ type: 'rich_text_section', elements: [heading, ...told] }] },
  ];
}

function ending(told: HistoryEvent[]): RichTextElement[] {
  const history = told.filter(({ action }) => action !== 'edit');
  if (history.length === 0) return [textElement('still pending')];
  return history
    .slice(-lastEvents)
    .flatMap(({ action, actor, reason }, index) => [
      textElement(
        `${index > 0 ? ', then ' : ''}${action === 'request' ? 'approved automatically' : pastTense[action]}`,
      ),
      ...(actor && action !== 'request' ? [textElement(' by '), person(actor)] : []),
      ...(reason && action !== 'request' ? [textElement(` (“${truncate(reason, 100)}”)`)] : []),
    ]);
}
