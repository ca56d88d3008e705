/** The request card: rendered from the registration as it is now. */
import type { ActionsBlock, ConfirmationDialog, KnownBlock, Overflow, RichTextElement } from '@slack/types';
import type { MessageLocation } from '../../domain/reference.ts';
import {
  type Decision,
  type HistoryEvent,
  isLive,
  maxOtherServices,
  nextStatus,
  type Registration,
  type Status,
} from '../../domain/registration.ts';
import { capitalize, escapedLength, truncate, truncateEscaped } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import {
  button,
  context,
  dateTime,
  fields,
  header,
  headerLimit,
  inlineText,
  type LabelledLine,
  mention,
  mrkdwn,
  oneLine,
  option,
  person,
  plain,
  quote,
  richDate,
  section,
  textElement,
} from '../blocks.ts';
import { buttonValue, readButton } from '../button-value.ts';
import type { Message } from '../message.ts';
import { ownerMentions } from '../owners.ts';
import { closedText } from '../service/state.ts';
import { accessBlocks } from './access.ts';
import { deletionText } from './forms/delete-modal.ts';
import { historyButton } from './history-modal.ts';
import {
  askedAgainText,
  decisionEvents,
  earlierRequests,
  eventTitle,
  pastTense,
  reasonSuffix,
  statusEmoji,
} from './timeline.ts';

/** The buttons of a card: each takes the action of its name, where the transition table has it. */
const buttons = [
  { action: 'approve', label: 'Approve', style: 'primary' },
  { action: 'reject', label: 'Reject', style: 'danger' },
  { action: 'revoke', label: 'Revoke', style: 'danger' },
  { action: 'reinstate', label: 'Reinstate', style: 'primary' },
] as const satisfies { action: Decision; label: string; style: 'primary' | 'danger' }[];

/** The menu of a pending request in Home, and of cards of before: Approve with a note. Its value is the buttons'. */
export const noteMenuId = 'approve-menu';

/** The action id of the card's overflow menu; the buttons' are the actions themselves. */
export const cardMenuId = 'more';

/** How many events a card shows, the newest: a message takes 50 blocks, and each event up to two. */
const eventsShown = 18;

/** What only Slack knows: the title in the requester's profile, and the address of a card; none where it did not say. */
export type CardContext = { title?: string; linkTo?: (card: MessageLocation) => string | undefined };

export function requestCard(registration: Registration, { title = '', linkTo }: CardContext = {}): Message {
  const { owners, requester, reason, requestedAt, previousRequests: earlier } = registration;
  const text = summary(registration);
  if (isAutomatic(registration))
    return { text, blocks: [approvedLine(registration), ...accessBlocks(registration.access)] };
  return {
    text,
    blocks: [
      header('title', requestTitle(registration)),
      fields('request', [
        {
          label: 'Requested by',
          value: [
            person(requester),
            ...(title ? [textElement(` (${truncate(oneLine(title), 80)})`)] : []),
            textElement(', '),
            richDate(requestedAt),
          ],
        },
        { label: owners.length === 1 ? 'Owner' : 'Owners', value: ownerMentions(owners) },
      ]),
      quote('reason', reason),
      ...aboutBlocks(registration),
      ...earlierRequests(earlier, (card) => linkTo?.(card)),
      ...eventBlocks(registration),
      ...accessBlocks(registration.access),
      ...controls(registration),
    ],
  };
}

/** How a title begins. A header is plain text, in which only these characters are emoji. */
const symbols: Record<Status, string> = {
  pending: '⏳',
  approved: '✅',
  rejected: '🚫',
  revoked: '⛔',
  unregistered: '↩️',
  deleted: '🗑️',
  expired: '⌛',
};

/** Names the request and its state: "✅ Orders API for Shop · approved". The names are truncated before the state. */
function requestTitle({ service, application, status }: Registration): string {
  const state = status === 'pending' ? '' : ` · ${status === 'revoked' ? 'access revoked' : status}`;
  const [name, forWhich] = [oneLine(service.name), oneLine(application)];
  const room = headerLimit - `${symbols[status]}  for ${state}`.length;
  const shown = truncateEscaped(name, Math.max(room - escapedLength(forWhich), Math.floor(room / 2)));
  return `${symbols[status]} ${shown} for ${truncateEscaped(forWhich, room - escapedLength(shown))}${state}`;
}

/** How many of the application's other services are named, and the longest name. */
const servicesNamed = 5;
const nameLimit = 60;

/** Describes the service and, for a decision, what the application already has; and names what the title truncates. */
function about(registration: Registration): LabelledLine[] {
  const { service, status, otherServices } = registration;
  const application = oneLine(registration.application);
  const description = oneLine(service.description);
  const docs: RichTextElement[] = service.docs ? [{ type: 'link', url: service.docs, text: 'Documentation' }] : [];
  const described = [...(description ? [textElement(description, 200)] : []), ...docs];
  const named = otherServices.slice(0, servicesNamed).map((name) => truncate(oneLine(name), nameLimit));
  const more = otherServices.length - named.length;
  const count = otherServices.length < maxOtherServices ? `${more}` : `at least ${more}`;
  const has = `already has ${named.join(', ')}${more > 0 ? ` and ${count} more` : ''}`;
  const title = requestTitle(registration);
  const lines = [
    { label: oneLine(service.name), value: joined(described) },
    {
      label: application,
      value: status === 'pending' ? [textElement(named.length > 0 ? has : 'has no access to other services yet')] : [],
    },
  ];
  return lines.filter(({ label, value }) => value.length > 0 || !title.includes(label));
}

/** Renders these lines; none where there is nothing to say. */
function aboutBlocks(registration: Registration): KnownBlock[] {
  const lines = about(registration);
  return lines.length > 0 ? [fields('about', lines)] : [];
}

const joined = ([first, ...rest]: RichTextElement[]): RichTextElement[] =>
  first ? [first, ...rest.flatMap((one) => [textElement(' · '), one])] : [];

/** Tells whether a registration was approved automatically, and nothing has happened to it since. */
const isAutomatic = ({ status, version }: Registration): boolean => status === 'approved' && version === 1;

/** Renders a registration that needs no decision, in one line with its menu. */
function approvedLine(registration: Registration): KnownBlock {
  const { service, application, requester, reason, requestedAt } = registration;
  const named = `${symbols.approved} ${oneLine(service.name)} for ${oneLine(application)} · approved automatically`;
  return {
    type: 'section',
    block_id: 'title',
    fields: [
      plain(`${named}\n“${truncate(oneLine(reason), 150)}”`, 2000),
      mrkdwn(`Requested by ${mention(requester)} ${dateTime(requestedAt)}`),
    ],
    accessory: menu(registration, ['history', 'revoke', 'confirm-delete']),
  };
}

/** Replaces a card that has moved; `to` is null where its readers cannot see the other channel. It has no buttons: there is one place to decide. */
export function movedCard(
  { service, application, requester }: Registration,
  to: { channel: string; link: string | undefined } | null,
): Message {
  const place = to ? `<#${to.channel}>` : 'another channel';
  const link: RichTextElement[] = to?.link ? [{ type: 'link', url: to.link, text: 'Open the card' }] : [];
  return {
    text: `This request has moved to ${place}: ${inlineText(service.name)} for ${inlineText(application)}.`,
    blocks: [
      { ...section(`:arrow_right: *This request has moved to ${place}.*`), block_id: 'moved' },
      fields('request', [
        { label: 'Service', value: [textElement(service.name, 150)] },
        { label: 'Application', value: [textElement(application, 150)] },
        { label: 'Requested by', value: [person(requester)] },
        ...(link.length > 0 ? [{ label: 'New card', value: link }] : []),
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

/** Renders the events of a registration, and who can decide it. */
function eventBlocks({
  service,
  status,
  approvers,
  history,
  applicationDeleted,
  askedAgain,
}: Registration): KnownBlock[] {
  const events = decisionEvents(history)
    .slice(-eventsShown)
    .flatMap((entry): KnownBlock[] => {
      const line = section(`${statusEmoji[entry.to]} *${eventTitle(entry)}* ${dateTime(entry.at)}`);
      const why = isDecision(entry) && entry.reason ? [quote(`why-${entry.version}`, entry.reason)] : [];
      return [{ ...line, block_id: `event-${entry.version}` }, ...why];
    });
  const pending = status === 'pending';
  const notes = [
    ...(pending ? [`${capitalize(describeApprovers(approvers))} can decide.`] : []),
    ...(pending && service.state !== 'open' ? [closedText(service.state).trim()] : []),
    ...(applicationDeleted ? ['The application was deleted.'] : []),
    ...(askedAgain ? [askedAgainText] : []),
  ];
  return [...events, ...(notes.length > 0 ? [{ ...context(notes.join(' ')), block_id: 'since' }] : [])];
}

type Decidable = Pick<Registration, 'publicId' | 'version' | 'status' | 'applicationDeleted'>;

/**
 * Builds the buttons that decide a registration in its status. Their value holds the version that they were rendered
 * from.
 */
export const decisionButtons = ({ status, applicationDeleted, ...seen }: Decidable) =>
  buttons
    .filter(
      ({ action }) => nextStatus(status, action) && !(applicationDeleted && nextStatus(status, action) === 'approved'),
    )
    .map(({ action, label, style }) => button(action, label, buttonValue(seen), style));

/** Builds the menu of a request that can be approved; none otherwise. */
export const noteMenus = (seen: Decidable): Overflow[] =>
  seen.status === 'pending'
    ? [{ type: 'overflow', action_id: noteMenuId, options: [option('Approve with a note', buttonValue(seen))] }]
    : [];

/** Builds the buttons and the menu of a card. A closed card has no buttons: its menu keeps the history. */
function controls(registration: Registration): KnownBlock[] {
  const { status } = registration;
  const elements: ActionsBlock['elements'] = isLive(status)
    ? [...decisionButtons(registration), button(historyButton, 'History', buttonValue(registration))]
    : [menu(registration, ['history'])];
  if (status === 'pending') elements.push(menu(registration, ['note', 'confirm-delete']));
  else if (nextStatus(status, 'delete')) {
    elements.push({ ...menu(registration, ['delete']), confirm: confirmDelete(registration) });
  }
  return [{ type: 'actions', block_id: 'decide', elements }];
}

/** What a card's menu offers. A menu with more than Delete cannot ask for confirmation itself: a form does. */
const menuLabels = {
  note: 'Approve with a note',
  delete: 'Delete request',
  'confirm-delete': 'Delete request',
  history: 'History',
  revoke: 'Revoke',
} as const;
type MenuItem = keyof typeof menuLabels;

const menu = (registration: Registration, items: MenuItem[]): Overflow => ({
  type: 'overflow',
  action_id: cardMenuId,
  options: items.map((item) => option(menuLabels[item], `${item}:${buttonValue(registration)}`)),
});

/** Parses the choice in a card's menu, `item:publicId@version`; undefined for a forged value. */
export function readCardMenu(value: string) {
  const [chosen = '', rest] = value.split(':');
  const item = (Object.keys(menuLabels) as MenuItem[]).find((one) => one === chosen);
  const reference = readButton(rest);
  return item && reference && { item, reference };
}

/** Builds the confirmation. Slack takes 300 characters here. */
const confirmDelete = ({ service, application, status }: Registration): ConfirmationDialog => ({
  title: plain('Delete this request?', 100),
  text: plain(deletionText({ service: service.name, application }, status), 300),
  confirm: plain('Delete', 30),
  deny: plain('Keep', 30),
  style: 'danger',
});

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
