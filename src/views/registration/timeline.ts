/** The events of a registration, in words. */
import type { RichTextBlock, RichTextElement } from '@slack/types';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Action, EventKind, HistoryEvent, PreviousRequest, Status } from '../../domain/registration.ts';
import { capitalize, truncate } from '../../domain/text.ts';
import { inlineText, mention, oneLine, person, richDate, textElement } from '../blocks.ts';

/** The past tense of each action: "approved", as in "Approved by @alex". */
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
  revoked: ':no_entry:',
  unregistered: ':leftwards_arrow_with_hook:',
  deleted: ':wastebasket:',
  expired: ':hourglass:',
};

/** Titles an event: "Approved by @alex". `called` names a person. Only an approval without an actor was automatic. */
export function eventTitle({ action, actor }: HistoryEvent, called: (id: string) => string = mention): string {
  if (action === 'request') return 'Approved automatically';
  return actor ? `${capitalize(pastTense[action])} by ${called(actor)}` : capitalize(pastTense[action]);
}

/** Says that a request is over, because it was asked for again. */
/** Says in a message about an application that it does not belong to the reader any longer. */
export const notYoursText = (application: string): string => `You no longer own ${inlineText(application)}.`;

export const askedAgainText = 'Asked again: a new request replaces this one.';

/** Formats a reason, or the note of an approval, for the end of a message's `text`. */
export const reasonSuffix = (reason: string | null, action?: EventKind): string =>
  reason ? ` ${action === 'approve' ? 'Note' : 'Reason'}: ${inlineText(reason, 500)}` : '';

/** Selects the events that a card shows: all but the request, unless it was approved at once. */
export const decisionEvents = (history: HistoryEvent[]): HistoryEvent[] =>
  history.filter(({ action, to }) => action !== 'request' || to === 'approved');

/** How many of the last events of an earlier request are shown. */
const lastEvents = 2;

/**
 * Renders how earlier requests for this service, by this application or this person, ended. `linkTo` returns the address
 * of a card, where it is known.
 */
export function earlierRequests(
  earlier: PreviousRequest[],
  linkTo: (card: MessageLocation) => string | undefined,
): RichTextBlock[] {
  if (earlier.length === 0) return [];
  const heading: RichTextElement = { type: 'text', text: 'Earlier requests for this service', style: { bold: true } };
  const lines = earlier.flatMap(({ application, requester, requestedAt, card, history }) => [
    textElement('\n• '),
    textElement(application, 60),
    textElement(', by '),
    person(requester),
    textElement(', '),
    richDate(requestedAt),
    textElement(': '),
    ...ending(decisionEvents(history)),
    ...cardLink(card && linkTo(card)),
  ]);
  return [
    {
      type: 'rich_text',
      block_id: 'earlier',
      elements: [{ type: 'rich_text_section', elements: [heading, ...lines] }],
    },
  ];
}

const cardLink = (url: string | null | undefined): RichTextElement[] =>
  url ? [textElement(' · '), { type: 'link', url, text: 'Open the card' }] : [];

function ending(events: HistoryEvent[]): RichTextElement[] {
  const history = events.filter(({ action }) => action !== 'edit');
  if (history.length === 0) return [textElement('still pending')];
  return history
    .slice(-lastEvents)
    .flatMap(({ action, actor, reason }, index) => [
      textElement(
        `${index > 0 ? ', then ' : ''}${action === 'request' ? 'approved automatically' : pastTense[action]}`,
      ),
      ...(actor && action !== 'request' ? [textElement(' by '), person(actor)] : []),
      ...(reason && action !== 'request' ? [textElement(` (“${truncate(oneLine(reason), 100)}”)`)] : []),
    ]);
}
