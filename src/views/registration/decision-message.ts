/** The direct message that tells the requester of a decision. */
import type { KnownBlock } from '@slack/types';
import type { HistoryEvent, Registration } from '../../domain/registration.ts';
import { button, fields, inlineText, quote, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';
import { eventTitle, reasonSuffix, statusEmoji } from './timeline.ts';

/** Renders the message about an event that the requester is notified of. */
export function decisionMessage(registration: Registration, entry: HistoryEvent): Message {
  const { service, application } = registration;
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = `${statusEmoji[entry.to]} *${eventTitle(entry)}*`;
  const blocks: KnownBlock[] = [
    { ...section(headline), block_id: 'decision' },
    fields('request', [
      { label: 'Service', value: [textElement(service.name, 150)] },
      { label: 'Application', value: [textElement(application, 150)] },
    ]),
    ...(why ? [quote('why', why)] : []),
    { ...section(nextStep(entry, service.docs, slack)), block_id: 'next' },
    ...(entry.action === 'expire' ? [askAgainBlock(registration)] : []),
  ];
  return {
    text: `${eventTitle(entry)}: ${inlineText(service.name)} for ${inlineText(application)}.${reasonSuffix(why)}`,
    blocks,
  };
}

export const askAgainButton = 'ask-again';

const askAgainBlock = (registration: Registration): KnownBlock => ({
  type: 'actions',
  block_id: 'again',
  elements: [button(askAgainButton, 'Ask again', buttonValue(registration))],
});

/** How commands and links are written: the same sentences go into Slack and into e-mail, as text and as HTML. */
export type Markup = { command: (text: string) => string; link: (url: string, label: string) => string };

const slack: Markup = {
  command: (text) => `\`${text}\``,
  link: (url, label) => `<${linkTo(url)}|${label}>`,
};

/** Says what the requester can do next. */
export function nextStep({ action }: HistoryEvent, docs: string | null, { command, link }: Markup): string {
  switch (action) {
    case 'request':
    case 'approve':
    case 'reinstate': {
      const start = docs ? ` Start with the ${link(docs, 'documentation')}.` : '';
      return `Your application may use this service.${start}`;
    }
    case 'reject':
      return `To ask again, first remove this request with ${command('/unregister')}, then use ${command('/register')}.`;
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
