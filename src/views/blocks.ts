/**
 * The parts of views, within Slack's limits (https://docs.slack.dev/reference/block-kit). Text from people goes into
 * plain_text or rich_text, where it can neither mention nor link; mrkdwn takes our own words, mentions of ids, and what
 * is escaped here.
 */
import type {
  Button,
  ContextBlock,
  ExternalSelect,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  ModalView,
  MrkdwnElement,
  PlainTextElement,
  PlainTextOption,
  RichTextBlock,
  RichTextElement,
  SectionBlock,
} from '@slack/types';
import { z } from 'zod';
import { erasedPerson, isErased } from '../domain/erasure.ts';
import { reasonLimit } from '../domain/registration.ts';
import { stripControls, truncate, truncateEscaped } from '../domain/text.ts';

/** The most options a picker takes, and the longest text of one. */
export const optionLimit = 100;
export const optionTextLimit = 75;

/** Builds plain text. Slack measures it escaped. */
export const plain = (text: string, limit = 3000): PlainTextElement => ({
  type: 'plain_text',
  text: truncateEscaped(text, limit),
  emoji: false,
});

/** Builds mrkdwn. `verbatim` keeps Slack from finding links, channels and names in the text by itself. */
export const mrkdwn = (text: string): MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true });

export const section = (text: string): SectionBlock => ({ type: 'section', text: mrkdwn(text) });

/** The longest text of a header. */
export const headerLimit = 150;

export const header = (blockId: string, text: string): HeaderBlock => ({
  type: 'header',
  block_id: blockId,
  text: plain(text, headerLimit),
});

export const context = (text: string): ContextBlock => ({ type: 'context', elements: [mrkdwn(text)] });

/** Escapes what Slack reads as markup, once, in the order that Slack asks for. */
export const escapeMrkdwn = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Prepares a name from people for a message's `text`, which notifications and screen readers use: one line, truncated,
 * escaped.
 */
export const inlineText = (text: string, limit = 150): string =>
  escapeMrkdwn(truncate(text.replace(/\s+/g, ' '), limit));

/** Sets a name in bold; as plain text where it has characters that format, which nothing escapes in mrkdwn. */
export const bold = (name: string): MrkdwnElement | PlainTextElement =>
  /[*_~`]/.test(name) ? plain(oneLine(name)) : mrkdwn(`*${inlineText(name)}*`);

/** Links in mrkdwn. Slack ends an address at `|` and `>`, which have another spelling in one. */
export const link = (url: string, label: string): string =>
  `<${url.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E')}|${inlineText(label)}>`;

/** Mentions a user or a user group. Ids are checked at the edge; anything else never becomes one. */
export const mention = (id: string): string => {
  if (isErased(id)) return erasedPerson;
  return id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`;
};

/** Formats a date and time in the reader's time zone, as mrkdwn. */
export const dateTime = (at: Date): string =>
  `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} at {time}|${utc(at)}>`;

/** Formats the same with the date written out, never as "tomorrow". */
export const date = (at: Date): string =>
  `<!date^${Math.floor(at.getTime() / 1000)}^{date_short} at {time}|${utc(at)}>`;

const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Formats a date and time as plain text, for pickers and for errors under fields. */
export const plainDate = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(at);

export type LabelledLine = { label: string; value: RichTextElement[] };

/** Renders labelled lines, whose values may come from people. */
export const fields = (blockId: string, rows: LabelledLine[]): RichTextBlock => ({
  type: 'rich_text',
  block_id: blockId,
  elements: [
    {
      type: 'rich_text_section',
      elements: rows.flatMap(({ label, value }, index) => [
        { type: 'text' as const, text: `${index > 0 ? '\n' : ''}${label}  `, style: { bold: true } },
        ...value,
      ]),
    },
  ],
});

export const textElement = (text: string, limit = 1000): RichTextElement => ({
  type: 'text',
  text: truncate(text, limit),
});

export const person = (id: string): RichTextElement =>
  isErased(id) ? { type: 'text', text: erasedPerson } : { type: 'user', user_id: id };

/** Formats a date and time in the reader's time zone, as rich text. */
export const richDate = (at: Date): RichTextElement => ({
  type: 'date',
  timestamp: Math.floor(at.getTime() / 1000),
  format: '{date_short_pretty} at {time}',
  fallback: utc(at),
});

/** Quotes a text from people, which is shown literally, with its web addresses as links. */
export const quote = (blockId: string, text: string): RichTextBlock => ({
  type: 'rich_text',
  block_id: blockId,
  elements: [{ type: 'rich_text_quote', elements: withLinks(truncate(text, 3000)) }],
});

/** A web address in a text, without the punctuation that follows it. */
const webAddress = /https?:\/\/[^\s<>"'`|]*[^\s<>"'`|.,;:!?()[\]{}]/g;

/** Renders a text with its web addresses as links. Each shows its address, so that none can pose as another. */
function withLinks(text: string): RichTextElement[] {
  const elements: RichTextElement[] = [];
  let end = 0;
  for (const { 0: url, index } of text.matchAll(webAddress)) {
    if (!URL.canParse(url)) continue;
    if (index > end) elements.push({ type: 'text', text: text.slice(end, index) });
    elements.push({ type: 'link', url });
    end = index + url.length;
  }
  return end < text.length ? [...elements, { type: 'text', text: text.slice(end) }] : elements;
}

/** Puts a text on one line. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

export const button = (actionId: string, text: string, value: string, style?: 'primary' | 'danger'): Button => ({
  type: 'button',
  action_id: actionId,
  text: plain(text, 75),
  value,
  ...(style ? { style } : {}),
});

/** Builds an option. Its value must fit 75 characters, the lower of the two limits that Slack's documentation has. */
export const option = (text: string, value: string, description = ''): PlainTextOption => ({
  text: plain(text, optionTextLimit),
  value,
  ...(description ? { description: plain(description, optionTextLimit) } : {}),
});

/** Builds an input of a modal. Errors under the field name its `blockId`. */
export const input = (blockId: string, label: string, element: InputBlock['element'], hint?: string): InputBlock => ({
  type: 'input',
  block_id: blockId,
  label: plain(label),
  element,
  ...(hint ? { hint: plain(hint, 2000) } : {}),
});

/** Builds a picker whose options come from Registrar as the user types, beginning with nothing typed. */
export const picker = (actionId: string, placeholder: string): ExternalSelect => ({
  type: 'external_select',
  action_id: actionId,
  min_query_length: 0,
  placeholder: plain(placeholder, 150),
});

/** Builds the field "Reason" of every form; `written` is the reason that is edited. */
export const reasonInput = (
  hint: string,
  { written, label = 'Reason' }: { written?: string | undefined; label?: string } = {},
): InputBlock =>
  input(
    'reason',
    label,
    {
      type: 'plain_text_input',
      action_id: 'reason',
      multiline: true,
      min_length: 1,
      max_length: reasonLimit,
      ...(written ? { initial_value: written } : {}),
    },
    hint,
  );

export const reasonError = `Write a reason of up to ${reasonLimit} characters.`;

/** The text of that field, without the spaces around it. */
export const reasonText = z
  .string()
  .transform((text) => stripControls(text).trim())
  .refine((text) => text !== '' && [...text].length <= reasonLimit);

/** Builds a modal without fields. Slack's titles have at most 24 characters. */
export const messageModal = (title: string, blocks: KnownBlock[]): ModalView => ({
  type: 'modal',
  title: plain(title, 24),
  close: plain('Close'),
  blocks,
});
