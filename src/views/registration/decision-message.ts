/** What Registrar tells one person: of a decision, and of why not. Every refusal has its sentence here. */
import type { KnownBlock } from '@slack/types';
import type { Entry, Registration } from '../../domain/registration.ts';
import { button, lines, name, quote, section, words } from '../blocks.ts';
import type { Message } from '../message.ts';
import { because, mark, said } from './timeline.ts';

/** What the requester reads when their request was decided. */
export function decision(registration: Registration, entry: Entry): Message {
  const { service, application } = registration;
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = `${mark[entry.to]} *${said(entry)}*`;
  const blocks: KnownBlock[] = [
    { ...section(headline), block_id: 'decision' },
    lines('request', [
      { label: 'Service', value: [words(service.name, 150)] },
      { label: 'Application', value: [words(application, 150)] },
    ]),
    ...(why ? [quote('why', why)] : []),
    { ...section(nextStep(entry, service.docs, slack)), block_id: 'next' },
    ...(entry.action === 'expire' ? [again(registration)] : []),
  ];
  return { text: `${said(entry)}: ${name(service.name)} for ${name(application)}.${because(why)}`, blocks };
}

export const askAgainButton = 'ask-again';

const again = ({ id, version }: Registration): KnownBlock => ({
  type: 'actions',
  block_id: 'again',
  elements: [button(askAgainButton, 'Ask again', `${id}@${version}`)],
});

/** How commands and links are written: the same words go into Slack and into e-mail, as text and as HTML. */
export type Pen = { command: (text: string) => string; link: (url: string, label: string) => string };

const slack: Pen = {
  command: (text) => `\`${text}\``,
  link: (url, label) => `<${linkTo(url)}|${label}>`,
};

/** What the requester can do now. */
export function nextStep({ action }: Entry, docs: string | null, { command, link }: Pen): string {
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

/** Slack ends a link at `|` and `>`; both have another spelling inside an address. */
const linkTo = (url: string): string =>
  url.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
