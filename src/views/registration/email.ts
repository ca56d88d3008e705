/**
 * The e-mail that tells an owner of a decision, in the words of the direct message: as plain text, which is
 * complete, and as HTML. Mentions mean nothing in it, so people have their names. Text from people is escaped in HTML
 * and kept on one line in the subject, where a line break would begin another header.
 */
import type { HistoryEvent } from '../../domain/registration.ts';
import { truncate } from '../../domain/text.ts';
import { type Decided, nextStep, type Part } from './decision-message.ts';
import { eventTitle } from './timeline.ts';

export type EmailMessage = { subject: string; text: string; html: string };

/**
 * What only Slack knows: the name of the approver who decided, and the address that opens the app, which every reader can
 * see; undefined where it does not say.
 */
type Known = { decidedBy: string | undefined; app: string | undefined };

/** The longest name in a subject: mail programs show about the first hundred characters. */
const nameLimit = 60;

export function renderEmail(decided: [Decided, ...Decided[]], { decidedBy, app }: Known): EmailMessage {
  const [{ registration, entry }, ...others] = decided;
  const { application } = registration;
  const services = decided.map((one) => one.registration.service);
  const why = entry.action === 'request' ? null : entry.reason;
  const headline = eventTitle(entry, () => decidedBy ?? 'an approver');
  const about = [...services.map(({ name }) => ['Service', name] as const), ['Application', application] as const];
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  const named = `${truncate(registration.service.name, nameLimit)}${more}`;
  return {
    subject: oneLine(subjectOf(entry, named, truncate(application, nameLimit))),
    text: `${[
      oneLine(headline),
      ...about.map(([label, name]) => `${label}: ${oneLine(name)}`),
      ...(why ? ['', ...why.split('\n').map((line) => `> ${line}`)] : []),
      '',
      inText(nextStep(entry, decided)),
      ...(app ? ['', inText([{ url: app, label: openApp }])] : []),
    ].join('\n')}\n`,
    html: [
      '<!doctype html>',
      '<html lang="en"><head><meta charset="utf-8"></head>',
      '<body style="font-family: sans-serif; line-height: 1.5">',
      `<p><strong>${escapeHtml(headline)}</strong></p>`,
      `<p>${about.map(([label, name]) => `${label}: <strong>${escapeHtml(name)}</strong>`).join('<br>\n')}</p>`,
      ...(why ? [`<blockquote style="white-space: pre-wrap">${escapeHtml(why)}</blockquote>`] : []),
      `<p>${inHtml(nextStep(entry, decided))}</p>`,
      ...(app ? [`<p>${inHtml([{ url: app, label: openApp }])}</p>`] : []),
      '</body></html>',
      '',
    ].join('\n'),
  };
}

const subjectOf = (entry: HistoryEvent, services: string, application: string): string =>
  entry.action === 'delete' && entry.from !== 'approved'
    ? `Your request for ${services} was removed`
    : `${eventTitle(entry, () => '').split(' ')[0]}: ${services} for ${application}`;

const openApp = 'Open Registrar in Slack';

const inText = (parts: Part[]): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return oneLine(part, false);
      return 'url' in part ? `${oneLine(part.label)} (${oneLine(part.url)})` : part.command;
    })
    .join('');

const inHtml = (parts: Part[]): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return escapeHtml(part);
      if ('command' in part) return `<code>${escapeHtml(part.command)}</code>`;
      return `<a href="${escapeHtml(part.url)}">${escapeHtml(part.label)}</a>`;
    })
    .join('');

/** Escapes what HTML reads as markup, in text and in quoted attributes. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Puts a text on one line, without what mail programs do not show. */
function oneLine(text: string, trimmed = true): string {
  const line = text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return trimmed ? line.trim() : line;
}
