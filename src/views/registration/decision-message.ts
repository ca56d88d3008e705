/** What Registrar tells one person: of a decision, and of why not. Every refusal has its sentence here. */
import type { KnownBlock } from '@slack/types';
import { type Entry, type LastChange, type Refusal, type Registration, takenBy } from '../../domain/registration.ts';
import { whoDecides } from '../approvers.ts';
import { button, lines, mention, name, quote, section, when, words } from '../blocks.ts';
import type { Message } from './card.ts';
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

/** Where Slack did not say who somebody is, or who belongs to a group or channel. */
export const unsure = 'Slack did not say just now who may do this. Nothing was changed: try again in a minute.';

/** Why nothing happened, and what to do next: only for whoever acted. */
export function refusal(refused: Refusal): string {
  switch (refused.kind) {
    case 'already':
      if (refused.last.status === 'pending')
        return 'This request is still waiting for a decision. Nothing was changed.';
      return `This request was already ${refused.last.status}${changed(refused.last)}. Nothing was changed.`;
    case 'stale':
      return `This request has changed since you saw it: ${sinceThen(refused.last)}${changed(refused.last)}. ${lookAgain[takenBy[refused.action]]}`;
    case 'gone':
      return 'This request is not in Registrar any more. Nothing was changed.';
    case 'application-deleted':
      return 'The application has been deleted by its owners, so nothing can be approved for it. Delete request clears it away.';
    case 'own-request':
      return `You cannot decide your own request. Ask ${whoDecides(refused.askInstead)}.`;
    case 'not-an-approver':
      return `Only ${whoDecides(refused.askInstead)} may decide this request. Nothing was changed.`;
    case 'not-an-owner':
      return 'Only an owner of the application may do this. Nothing was changed.';
    case 'not-the-requester':
      return 'Only who asked for this may edit its reason. Nothing was changed.';
    case 'not-a-reader': {
      const readers = new Set(refused.askInstead.map(whoDecides));
      return `Only ${[...readers].join(' or ')} may see the history of this request.`;
    }
    case 'put-off':
      return `${mention(refused.by)} has already put this reminder off until ${when(refused.until)}. Nothing was changed.`;
    case 'external':
      return 'Guests and people of other workspaces can neither request access here nor decide about it. Ask a full member of this workspace.';
    case 'deactivated':
      return 'This Slack account was deactivated. Nothing was changed.';
    case 'unsure':
      return unsure;
  }
}

/** A pending request changes by its reason alone. */
const sinceThen = ({ status }: LastChange): string =>
  status === 'pending' ? 'its reason was edited' : `it was ${status}`;

/** " by @alex, 3 Nov at 10:15", after the word for what was done. */
const changed = ({ by, at }: LastChange): string => `${by ? ` by ${mention(by)}` : ''}, ${when(at)}`;

/** What to do with something that is not what it was when it was clicked. */
const lookAgain = {
  approver: 'Look at it again, then decide.',
  owner: 'Look at it again before you unregister it.',
  requester: 'Look at it again before you edit it.',
  time: 'Nothing was changed.',
} as const;
