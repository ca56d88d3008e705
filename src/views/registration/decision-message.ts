/** The direct message that tells an owner of the application of a decision. */
import type { KnownBlock } from '@slack/types';
import type { HistoryEvent, Registration, Status } from '../../domain/registration.ts';
import { button, fields, inlineText, quote, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';
import { keyBlocks } from './keys.ts';
import { eventTitle, reasonSuffix, statusEmoji } from './timeline.ts';

/** A registration, and the event that its owners are notified of. */
export type Decided = { registration: Registration; entry: HistoryEvent };

/** Renders the message about events that one act made of registrations of one application. */
export function decisionMessage(decided: [Decided, ...Decided[]]): Message {
  const [{ registration, entry }] = decided;
  const { application } = registration;
  const services = decided.map((one) => one.registration.service);
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = `${statusEmoji[entry.to]} *${eventTitle(entry)}*`;
  const blocks: KnownBlock[] = [
    { ...section(headline), block_id: 'decision' },
    fields('request', [
      ...services.map(({ name }) => ({ label: 'Service', value: [textElement(name, 150)] })),
      { label: 'Application', value: [textElement(application, 150)] },
    ]),
    ...(why ? [quote('why', why)] : []),
    { ...section(nextStep(entry, services, slack, decided)), block_id: 'next' },
    ...(entry.to === 'approved' ? keyButtons(decided) : []),
    ...(canAskAgain(entry.to) ? [askAgainBlock(registration)] : []),
  ];
  const names = services.map(({ name }) => inlineText(name)).join(', ');
  return {
    text: `${eventTitle(entry)}: ${names} for ${inlineText(application)}.${reasonSuffix(why, entry.action)}`,
    blocks,
  };
}

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

export const askAgainButton = 'ask-again';

/** Tells whether a request that was not approved can be asked again, with what it said. */
export const canAskAgain = (status: Status): boolean => status === 'rejected' || status === 'expired';

const askAgainBlock = (registration: Registration): KnownBlock => ({
  type: 'actions',
  block_id: 'again',
  elements: [button(askAgainButton, 'Ask again', buttonValue(registration))],
});

/** How commands and links are written: the same sentences go into Slack and into e-mail, as text and as HTML. */
export type Markup = { command: (text: string) => string; link: (url: string, label: string) => string };

const slack: Markup = {
  command: (text) => `\`${text}\``,
  link: (url, label) => `<${linkTo(url)}|${inlineText(label)}>`,
};

type Documented = { name: string; docs: string | null };

/** Says what the owners can do next. Access is there only once the gateway has confirmed it. */
export function nextStep(
  { action }: HistoryEvent,
  services: Documented[],
  { command, link }: Markup,
  decided: readonly Decided[] = [],
): string {
  switch (action) {
    case 'request':
    case 'approve':
    case 'reinstate': {
      const [{ docs = null } = {}, ...others] = services;
      const several = others.length > 0;
      const documented = services.flatMap(({ name, docs: each }) => (each ? [link(each, name)] : []));
      const startWithOne = docs ? ` Start with the ${link(docs, 'documentation')}.` : '';
      const start = !several ? startWithOne : documented.length > 0 ? ` Read the docs: ${documented.join(', ')}.` : '';
      const can = several ? 'Your application can use these services' : 'Your application may use this service';
      const kinds = decided.map(({ registration }) => registration.access?.kind);
      if (kinds.includes('on-its-way'))
        return `${can} as soon as access is open. It is on its way: you will hear of it.${start}`;
      return `${can}${kinds.includes('open') ? ': access is open' : ''}.${start}`;
    }
    case 'reject':
      return 'You can ask again: the form comes filled in.';
    case 'revoke':
      return 'Your application may no longer use this service, until an approver reinstates it.';
    case 'delete':
      return `The request was removed. You can ask again with ${command('/register')}.`;
    case 'edit':
      return 'Your request is still waiting for a decision.';
    case 'expire':
      return `Nobody answered in time, so the request was closed. You can ask again.`;
    case 'unregister':
      return `You can ask again with ${command('/register')}.`;
  }
}

/** Encodes a URL for a link: Slack ends one at `|` and `>`, which have another spelling in a URL. */
const linkTo = (url: string): string =>
  url.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
