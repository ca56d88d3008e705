/** The request card: rendered from the registration as it is now. */
import type { ActionsBlock, ConfirmationDialog, KnownBlock, Overflow, RichTextElement } from '@slack/types';
import { type Decision, type HistoryEvent, isLive, nextStatus, type Registration } from '../../domain/registration.ts';
import { describeApprovers } from '../approvers.ts';
import {
  button,
  context,
  dateTime,
  fields,
  inlineText,
  mention,
  option,
  person,
  plain,
  quote,
  section,
  textElement,
} from '../blocks.ts';
import { buttonValue, readButton } from '../button-value.ts';
import type { Message } from '../message.ts';
import { ownerMentions } from '../owners.ts';
import { accessBlocks } from './access.ts';
import { historyButton } from './history-modal.ts';
import { decisionEvents, earlierRequests, eventTitle, pastTense, reasonSuffix, statusEmoji } from './timeline.ts';

/** The buttons of a card: each takes the action of its name, where the transition table has it. */
const buttons = [
  { action: 'approve', label: 'Approve', style: 'primary' },
  { action: 'reject', label: 'Reject', style: 'danger' },
  { action: 'revoke', label: 'Revoke', style: 'danger' },
  { action: 'reinstate', label: 'Reinstate', style: 'primary' },
] as const satisfies { action: Decision; label: string; style: 'primary' | 'danger' }[];

/** The menu of a pending request next to its buttons: Approve with a note. Its value is the buttons'. */
export const noteMenuId = 'approve-menu';

/** The action id of the card's overflow menu; the buttons' are the actions themselves. */
export const cardMenuId = 'more';

/** How many events a card shows, the newest: a message takes 50 blocks, and each event up to two. */
const eventsShown = 18;

export function requestCard(registration: Registration): Message {
  const { service, application, owners, requester, reason, previousRequests: earlier } = registration;
  return {
    text: summary(registration),
    blocks: [
      { type: 'header', block_id: 'title', text: plain('Access request') },
      fields('request', [
        { label: 'Service', value: [textElement(service.name, 150)] },
        { label: 'Application', value: [textElement(application, 150)] },
        { label: owners.length === 1 ? 'Owner' : 'Owners', value: ownerMentions(owners) },
        { label: 'Requested by', value: [person(requester)] },
      ]),
      quote('reason', reason),
      ...earlierRequests(earlier),
      ...eventBlocks(registration),
      ...accessBlocks(registration.access),
      ...buttonBlocks(registration),
    ],
  };
}

/** Replaces a card that has moved to another channel. It has no buttons: there is one place to decide. */
export function movedCard(
  { service, application, requester }: Registration,
  to: { channel: string; link: string | undefined },
): Message {
  const place = `<#${to.channel}>`;
  const link: RichTextElement[] = to.link ? [{ type: 'link', url: to.link, text: 'Open the card' }] : [];
  return {
    text: `This request has moved to ${place}: ${inlineText(service.name)} for ${inlineText(application)}.`,
    blocks: [
      { ...section(`:arrow_right: *This request has moved to ${place}.*`), block_id: 'moved' },
      fields('request', [
        { label: 'Service', value: [textElement(service.name, 150)] },
        { label: 'Application', value: [textElement(application, 150)] },
        { label: 'Requested by', value: [person(requester)] },
        ...(link.length > 0 ? [{ label: 'Now there', value: link }] : []),
      ]),
    ],
  };
}

function summary({ service, application, requester, reason, status, history }: Registration): string {
  const request = `${mention(requester)} requests ${inlineText(service.name)} for ${inlineText(application)}.`;
  const last = history.at(-1);
  if (status === 'pending' || !last) return `${request}${reasonSuffix(reason)}`;
  return `${eventTitle(last)}: ${request}${reasonSuffix(isDecision(last) ? last.reason : null, last.action)}`;
}

/**
 * Tells whether the reason of an event is shown with it. That of the request is on the card already, also where it was
 * edited.
 */
const isDecision = ({ action }: HistoryEvent): boolean => action !== 'request' && action !== 'edit';

/** Renders the events of a registration, and since when and for whom it waits. */
function eventBlocks({ status, requestedAt, approvers, history, applicationDeleted }: Registration): KnownBlock[] {
  const events = decisionEvents(history)
    .slice(-eventsShown)
    .flatMap((entry): KnownBlock[] => {
      const line = section(`${statusEmoji[entry.to]} *${eventTitle(entry)}* ${dateTime(entry.at)}`);
      const why = isDecision(entry) && entry.reason ? [quote(`why-${entry.version}`, entry.reason)] : [];
      return [{ ...line, block_id: `event-${entry.version}` }, ...why];
    });
  const since =
    status === 'pending'
      ? `Waiting since ${dateTime(requestedAt)} for ${describeApprovers(approvers)}.`
      : `Requested ${dateTime(requestedAt)}.`;
  const deleted = applicationDeleted ? ' The application has been deleted.' : '';
  return [...events, { ...context(`${since}${deleted}`), block_id: 'since' }];
}

type Decidable = Pick<Registration, 'publicId' | 'version' | 'status' | 'applicationDeleted'>;

/**
 * Builds the buttons that decide a registration in its status. Their value holds the version that they were rendered
 * from.
 */
export const decisionButtons = ({ status, applicationDeleted, ...named }: Decidable) =>
  buttons
    .filter(
      ({ action }) => nextStatus(status, action) && !(applicationDeleted && nextStatus(status, action) === 'approved'),
    )
    .map(({ action, label, style }) => button(action, label, buttonValue(named), style));

/** Builds the menu of a request that can be approved; none otherwise. */
export const noteMenus = (named: Decidable): Overflow[] =>
  named.status === 'pending'
    ? [{ type: 'overflow', action_id: noteMenuId, options: [option('Approve with a note', buttonValue(named))] }]
    : [];

function buttonBlocks(registration: Registration): KnownBlock[] {
  const { status, service, application } = registration;
  const value = buttonValue(registration);
  // A closed card has no buttons.
  if (!isLive(status)) return [];
  const elements: ActionsBlock['elements'] = [
    ...decisionButtons(registration),
    ...noteMenus(registration),
    button(historyButton, 'History', value),
  ];
  if (nextStatus(status, 'delete')) {
    elements.push({
      type: 'overflow',
      action_id: cardMenuId,
      options: [option('Delete request', `delete:${value}`)],
      confirm: confirmDelete(service.name, application),
    });
  }
  return [{ type: 'actions', block_id: 'decide', elements }];
}

/** Builds the confirmation. Slack takes 300 characters here. */
const confirmDelete = (service: string, application: string): ConfirmationDialog => ({
  title: plain('Delete this request?', 100),
  text: plain(`${application} loses ${service}, if it has it, and may ask again. The record of it stays.`, 300),
  confirm: plain('Delete', 30),
  deny: plain('Keep', 30),
  style: 'danger',
});
/** Parses the overflow menu's `delete:publicId@version`; undefined for another or a forged value. */
export const readDelete = (value: string): ReturnType<typeof readButton> =>
  value.startsWith('delete:') ? readButton(value.slice('delete:'.length)) : undefined;

/** Replies in the thread of a card: tells the channel that access has ended. */
export function accessEndedReply({ service, application, access }: Registration, entry: HistoryEvent): Message {
  const { actor, action } = entry;
  const verb = action === 'request' ? 'ended' : pastTense[action];
  const by: RichTextElement[] = actor ? [textElement(' by '), person(actor)] : [];
  const lost = `${application} no longer has access to ${service.name}`;
  return {
    text: `${eventTitle(entry)}: ${inlineText(lost, 250)}.`,
    blocks: [
      {
        type: 'rich_text',
        block_id: 'ended',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { type: 'emoji', name: 'lock' },
              textElement(` ${lost}: ${verb}`),
              ...by,
              // At a gateway Registrar closes it itself, and the card shows whether it has.
              textElement(access ? '.' : '. Close what is still open, such as its keys.'),
            ],
          },
        ],
      },
    ],
  };
}
