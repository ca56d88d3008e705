/** The direct message that tells an owner of the application of a decision. */
import type { KnownBlock, RichTextElement } from '@slack/types';
import type { Ownership } from '../../domain/application.ts';
import type { HistoryEvent, Registration, Status } from '../../domain/registration.ts';
import { button, context, dateTime, fields, inlineText, oneLine, quote, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';
import { keyBlocks } from './keys.ts';
import { askedAgainText, eventTitle, notYoursText, reasonSuffix, statusEmoji } from './timeline.ts';

/** A registration, and the event that its owners are notified of. `replaced`: it was asked for again since. */
export type Decided = { registration: Registration; entry: HistoryEvent; replaced?: boolean };

/**
 * Renders the message about events that one act made of registrations of one application, for a reader whom it may belong to
 * no longer.
 */
export function decisionMessage(decided: [Decided, ...Decided[]], ownership: Ownership = 'owned'): Message {
  const [{ registration, entry }] = decided;
  const { application } = registration;
  const services = decided.map((one) => one.registration.service);
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = `${statusEmoji[entry.to]} *${eventTitle(entry)}*`;
  const over = describeEnd(decided, ownership);
  const next: KnownBlock = {
    type: 'rich_text',
    block_id: 'next',
    elements: [{ type: 'rich_text_section', elements: nextStep(entry, decided).map(richPart) }],
  };
  const blocks: KnownBlock[] = [
    { ...section(headline), block_id: 'decision' },
    fields('request', [
      ...services.map(({ name }) => ({ label: 'Service', value: [textElement(name, 150)] })),
      { label: 'Application', value: [textElement(application, 150)] },
    ]),
    ...(why ? [quote('why', why)] : []),
    ...(over ? [{ ...context(over), block_id: 'over' }] : [next]),
    ...(entry.to === 'approved' && !over ? keyButtons(decided) : []),
    ...(canAskAgain(entry.to) && ownership === 'owned' ? askAgainBlocks(decided) : []),
  ];
  const names = services.map(({ name }) => inlineText(name)).join(', ');
  return {
    text: `${headlineOf(entry, names)} for ${inlineText(application)}.${reasonSuffix(why, entry.action)}`,
    blocks,
  };
}

/** Says what happened to which services, for notifications. */
const headlineOf = (entry: HistoryEvent, names: string): string =>
  entry.action === 'delete' && entry.from !== 'approved'
    ? `Your request for ${names} was removed`
    : `${eventTitle(entry)}: ${names}`;

/** Renders a button for the keys at each gateway where access is open. */
function keyButtons(decided: readonly Decided[]): KnownBlock[] {
  const gateways = new Map(
    decided.flatMap(({ registration: { access } }) =>
      access?.kind === 'open' && access.keys ? [[access.gateway, access.keys] as const] : [],
    ),
  );
  return [...gateways].flatMap(([gateway, keys]) =>
    keyBlocks(keys).map((block) => ({ ...block, block_id: `keys-${gateway}` })),
  );
}

/** Says that what a message tells has ended, and how; undefined while something of it lasts. */
function describeEnd(decided: [Decided, ...Decided[]], ownership: Ownership): string | undefined {
  const [{ registration, entry }] = decided;
  if (ownership === 'not-owned' && offers(entry.to)) return notYoursText(registration.application);
  if (ownership === 'deleted' && canAskAgain(entry.to)) return `${inlineText(registration.application)} was deleted.`;
  if (canAskAgain(entry.to)) return decided.every(({ replaced }) => replaced) ? askedAgainText : undefined;
  const lasts = decided.some((one) => one.registration.status === 'approved');
  const last = registration.history.at(-1);
  if (entry.to !== 'approved' || lasts || !last || last.version === entry.version) return undefined;
  return `Since then: ${eventTitle(last)}, ${dateTime(last.at)}.`;
}

/** Tells whether a message about an event that led to a status offers its reader something. */
const offers = (status: Status): boolean => status === 'approved' || canAskAgain(status);

export const askAgainButton = 'ask-again';

/** Tells whether a request that was not approved can be asked again, with what it said. */
const canAskAgain = (status: Status): boolean => status === 'rejected' || status === 'expired';

/** Renders a button for each request that was not asked for again, which names the service where there are several. */
const askAgainBlocks = (decided: Decided[]): KnownBlock[] =>
  decided
    .filter(({ replaced }) => !replaced)
    .map(({ registration }) => {
      const label = decided.length === 1 ? 'Ask again' : `Ask again for ${oneLine(registration.service.name)}`;
      return {
        type: 'actions',
        block_id: `again-${registration.id}`,
        elements: [button(askAgainButton, label, buttonValue(registration))],
      };
    });

/** A part of a sentence: text, a command, or a link. The same sentences go into Slack and into e-mail. */
export type Part = string | { command: string } | { url: string; label: string };

const richPart = (part: Part): RichTextElement => {
  if (typeof part === 'string') return { type: 'text', text: part };
  if ('url' in part) return { type: 'link', url: part.url, text: part.label };
  return { type: 'text', text: part.command, style: { code: true } };
};

/** Says what the owners can do next. Access is there only once the gateway has confirmed it. */
export function nextStep({ action, from }: HistoryEvent, decided: readonly Decided[]): Part[] {
  const registered = decided.map(({ registration }) => registration);
  const application = oneLine(registered[0]?.application ?? '');
  const services = registered.map(({ service }) => service);
  const names = services.map(({ name }) => oneLine(name)).join(', ');
  const stillOpen = stillOpenText(registered);
  switch (action) {
    case 'request':
    case 'approve':
    case 'reinstate': {
      const kinds = registered.map(({ access }) => access?.kind);
      if (kinds.includes('on-its-way'))
        return [
          `${application} can use ${names} as soon as access is open. It is on its way, and you’ll hear of it.`,
          ...readTheDocs(services),
        ];
      const open = kinds.includes('open') ? ': access is open' : '';
      return [`${application} can now use ${names}${open}.`, ...readTheDocs(services)];
    }
    case 'reject':
      return ['You can ask again: the form comes filled in.'];
    case 'revoke':
      return [`${application} can no longer use ${names}, unless an approver reinstates it.${stillOpen}`];
    case 'delete': {
      const lost = `${application} can no longer use ${names}: its registration was removed.`;
      const removed = from === 'approved' ? lost : `Your request for ${names} was removed.`;
      return [`${removed} You can ask again with `, { command: '/register' }, `.${stillOpen}`];
    }
    case 'edit':
      return ['Your request is still waiting for a decision.'];
    case 'expire':
      return [
        `There was no decision in time, so the request${services.length === 1 ? ' was' : 's were'} closed. You can ask again.`,
      ];
    case 'unregister':
      return ['You can ask again with ', { command: '/register' }, '.'];
  }
}

function readTheDocs(services: { name: string; docs: string | null }[]): Part[] {
  const documented = services.flatMap(({ name, docs }) => (docs ? [{ name, url: docs }] : []));
  if (documented.length === 0) return [];
  const one = services.length === 1;
  const links = documented.map(({ name, url }) => ({ url, label: one ? 'Read the docs' : oneLine(name) }));
  return [
    one ? ' ' : ' Read the docs: ',
    ...links.flatMap((link, index): Part[] => (index > 0 ? [', ', link] : [link])),
    '.',
  ];
}

/** Says that the gateway has not taken access away yet; nothing where it has. */
const stillOpenText = (registered: readonly Registration[]): string =>
  registered.some(({ access }) => access?.kind === 'still-open')
    ? ' Calls may still go through until the gateway has taken access away.'
    : '';
