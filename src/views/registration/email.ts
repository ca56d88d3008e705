/**
 * The e-mail that tells the requester of a decision, in the words of the direct message: as plain text, which is
 * complete, and as HTML. Mentions mean nothing in it, so people have their names. Text from people is escaped in HTML
 * and kept on one line in the subject, where a line break would begin another header.
 */
import type { HistoryEvent, Registration } from '../../domain/registration.ts';
import { truncate } from '../../domain/text.ts';
import { type Markup, nextStep } from './decision-message.ts';
import { eventTitle } from './timeline.ts';

export type EmailMessage = { subject: string; text: string; html: string };

/**
 * What only Slack knows: the name of the approver who decided, and the address of the card; undefined where it does not
 * say.
 */
type Known = { decidedBy: string | undefined; card: string | undefined };

/** The longest name in a subject: mail programs show about the first hundred characters. */
const nameLimit = 60;

export function renderEmail(
  { service, application }: Registration,
  entry: HistoryEvent,
  { decidedBy, card }: Known,
): EmailMessage {
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = eventTitle(entry, () => decidedBy ?? 'an approver');
  const [decision = ''] = headline.split(' ');
  const about = { Service: service.name, Application: application };
  return {
    subject: oneLine(`${decision}: ${truncate(service.name, nameLimit)} for ${truncate(application, nameLimit)}`),
    text: `${[
      oneLine(headline),
      ...Object.entries(about).map(([label, name]) => `${label}: ${oneLine(name)}`),
      ...(why ? ['', ...why.split('\n').map((line) => `> ${line}`)] : []),
      '',
      nextStep(entry, service.docs, inText),
      ...(card ? ['', inText.link(card, openCard)] : []),
    ].join('\n')}\n`,
    html: [
      '<!doctype html>',
      '<html lang="en"><head><meta charset="utf-8"></head>',
      '<body style="font-family: sans-serif; line-height: 1.5">',
      `<p><strong>${escapeHtml(headline)}</strong></p>`,
      `<p>${Object.entries(about)
        .map(([label, name]) => `${label}: <strong>${escapeHtml(name)}</strong>`)
        .join('<br>\n')}</p>`,
      ...(why ? [`<blockquote style="white-space: pre-wrap">${escapeHtml(why)}</blockquote>`] : []),
      `<p>${nextStep(entry, service.docs, inHtml)}</p>`,
      ...(card ? [`<p>${inHtml.link(card, openCard)}</p>`] : []),
      '</body></html>',
      '',
    ].join('\n'),
  };
}

const openCard = 'Open the card in Slack';

const inText: Markup = { command: (text) => text, link: (url, label) => `${label} (${oneLine(url)})` };

const inHtml: Markup = {
  command: (text) => `<code>${escapeHtml(text)}</code>`,
  link: (url, label) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`,
};

/** Escapes what HTML reads as markup, in text and in quoted attributes. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Puts a text on one line, without what mail programs do not show. */
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
