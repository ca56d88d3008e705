/** The request card: drawn from the registration as it is, and read back from the button that was clicked. */
import type { ActionsBlock, ConfirmationDialog, KnownBlock, RichTextElement } from '@slack/types';
import { type Decision, type Entry, isLive, next, type Registration } from '../../domain/registration.ts';
import { whoDecides } from '../approvers.ts';
import {
  button,
  context,
  lines,
  mention,
  name,
  option,
  person,
  plain,
  quote,
  section,
  when,
  words,
} from '../blocks.ts';
import { type Pressed, pressed } from '../button-value.ts';
import type { Message } from '../message.ts';
import { historyId } from './history-modal.ts';
import { because, decided, earlierRequests, mark, said } from './timeline.ts';

/** The buttons of a card: each takes the action of its name, where `life` has it. */
const buttons = [
  { action: 'approve', label: 'Approve', style: 'primary' },
  { action: 'reject', label: 'Reject', style: 'danger' },
  { action: 'revoke', label: 'Revoke', style: 'danger' },
  { action: 'reinstate', label: 'Reinstate', style: 'primary' },
] as const satisfies { action: Decision; label: string; style: 'primary' | 'danger' }[];

/** The action id of the card's overflow menu; the buttons' are the actions themselves. */
export const overflowId = 'more';

/** How many events a card tells of, the newest: a message takes 50 blocks, and each event up to two. */
const eventsShown = 18;

export function card(registration: Registration): Message {
  const { service, application, requester, reason, earlier } = registration;
  return {
    text: summary(registration),
    blocks: [
      { type: 'header', block_id: 'title', text: plain('Access request') },
      lines('request', [
        { label: 'Service', value: [words(service.name, 150)] },
        { label: 'Application', value: [words(application, 150)] },
        { label: 'Requested by', value: [person(requester)] },
      ]),
      quote('reason', reason),
      ...earlierRequests(earlier),
      ...standing(registration),
      ...offered(registration),
    ],
  };
}

/** What stands where a card was. It has no buttons: there is one place to decide. */
export function movedCard(
  { service, application, requester }: Registration,
  to: { channel: string; link: string | undefined },
): Message {
  const place = `<#${to.channel}>`;
  const link: RichTextElement[] = to.link ? [{ type: 'link', url: to.link, text: 'Open the card' }] : [];
  return {
    text: `This request has moved to ${place}: ${name(service.name)} for ${name(application)}.`,
    blocks: [
      { ...section(`:arrow_right: *This request has moved to ${place}.*`), block_id: 'moved' },
      lines('request', [
        { label: 'Service', value: [words(service.name, 150)] },
        { label: 'Application', value: [words(application, 150)] },
        { label: 'Requested by', value: [person(requester)] },
        ...(link.length > 0 ? [{ label: 'Now there', value: link }] : []),
      ]),
    ],
  };
}

function summary({ service, application, requester, reason, status, story }: Registration): string {
  const request = `${mention(requester)} requests ${name(service.name)} for ${name(application)}.`;
  const last = story.at(-1);
  if (status === 'pending' || !last) return `${request}${because(reason)}`;
  return `${said(last)}: ${request}${because(decides(last) ? last.reason : null)}`;
}

/** The reason of a request stands on the card by itself, also where it was edited. */
const decides = ({ action }: Entry): boolean => action !== 'request' && action !== 'edit';

/** Since when it waits, and for whom; or all that was decided. */
function standing({ status, requestedAt, approvers, story, applicationDeleted }: Registration): KnownBlock[] {
  const told = decided(story)
    .slice(-eventsShown)
    .flatMap((entry): KnownBlock[] => {
      const line = section(`${mark[entry.to]} *${said(entry)}* ${when(entry.at)}`);
      const why = decides(entry) && entry.reason ? [quote(`why-${entry.version}`, entry.reason)] : [];
      return [{ ...line, block_id: `event-${entry.version}` }, ...why];
    });
  const since =
    status === 'pending'
      ? `Waiting since ${when(requestedAt)} for ${whoDecides(approvers)}.`
      : `Requested ${when(requestedAt)}.`;
  const deleted = applicationDeleted ? ' The application has been deleted.' : '';
  return [...told, { ...context(`${since}${deleted}`), block_id: 'since' }];
}

type Decidable = Pick<Registration, 'id' | 'version' | 'status' | 'applicationDeleted'>;

/** The buttons that decide a registration as it stands. They name the life that they were drawn from. */
export const decisions = ({ id, version, status, applicationDeleted }: Decidable) =>
  buttons
    .filter(({ action }) => next(status, action) && !(applicationDeleted && next(status, action) === 'approved'))
    .map(({ action, label, style }) => button(action, label, `${id}@${version}`, style));

function offered(registration: Registration): KnownBlock[] {
  const { id, version, status, service, application } = registration;
  const value = `${id}@${version}`;
  // A closed card has nothing left to press.
  if (!isLive(status)) return [];
  const elements: ActionsBlock['elements'] = [...decisions(registration), button(historyId, 'History', value)];
  if (next(status, 'delete')) {
    elements.push({
      type: 'overflow',
      action_id: overflowId,
      options: [option('Delete request', `delete:${value}`)],
      confirm: confirmDelete(service.name, application),
    });
  }
  return [{ type: 'actions', block_id: 'decide', elements }];
}

/** Slack takes 300 characters here. */
const confirmDelete = (service: string, application: string): ConfirmationDialog => ({
  title: plain('Delete this request?', 100),
  text: plain(`${application} loses ${service}, if it has it, and may ask again. The record of it stays.`, 300),
  confirm: plain('Delete', 30),
  deny: plain('Keep', 30),
  style: 'danger',
});
/** The same from the overflow menu's `delete:id@version`. */
export const pressedDelete = (value: string): Pressed | undefined =>
  value.startsWith('delete:') ? pressed(value.slice('delete:'.length)) : undefined;
