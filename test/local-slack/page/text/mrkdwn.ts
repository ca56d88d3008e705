/**
 * Slack's mrkdwn as HTML. slack-blocks-to-jsx was tried first: it unescapes `&lt;!channel&gt;` before it reads mentions,
 * so that a text without a ping in Slack looks like one here, and it formats plain text as well.
 */
import { decoded } from '../../text/mrkdwn.ts';
import { type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { formatDate } from './dates.ts';
import { emoji } from './emoji.ts';
import { broadcast, channelMention, groupMention, link, userMention } from './mentions.ts';

export function mrkdwn(reader: Reader, text: string): Html {
  // Odd pieces are between three backticks.
  const pieces = text.split(/```\n?([\s\S]+?)\n?```/);
  return html`${pieces.map((piece, index) => (index % 2 ? html`<pre>${decoded(piece)}</pre>` : paragraphs(reader, piece)))}`;
}

function paragraphs(reader: Reader, text: string): Html[] {
  const runs: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line)?.[1];
    const last = runs.at(-1);
    if (last && last.quoted === (quote !== undefined)) last.lines.push(quote ?? line);
    else runs.push({ quoted: quote !== undefined, lines: [quote ?? line] });
  }
  return runs.map(({ quoted, lines }) => {
    const content = inline(reader, lines.join('\n'));
    return quoted ? html`<blockquote>${content}</blockquote>` : html`${content}`;
  });
}

/** Formatting characters count only at the edges of words: `snake_case_name` and `2 * 3 * 4` stay as they are. */
const INLINE = new RegExp(
  [
    '`(?<code>[^`\\n]+)`',
    '<(?<angle>[^<>\\n]+)>',
    '(?<![\\p{L}\\p{N}*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\p{L}\\p{N}*])',
    '(?<![\\p{L}\\p{N}_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\p{L}\\p{N}_])',
    '(?<![\\p{L}\\p{N}~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\p{L}\\p{N}~])',
    ':(?<emoji>[a-z0-9_+-]+):',
    '(?<url>https?://[^\\s<>|]+[^\\s<>|.,;:!?)])',
  ].join('|'),
  'gu',
);

function inline(reader: Reader, text: string): Html[] {
  const parts: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) parts.push(html`${decoded(text.slice(end, match.index))}`);
    parts.push(token(reader, match.groups ?? {}));
    end = match.index + match[0].length;
  }
  parts.push(html`${decoded(text.slice(end))}`);
  return parts;
}

function token(reader: Reader, found: Record<string, string | undefined>): Html {
  if (found.code !== undefined) return html`<code>${decoded(found.code)}</code>`;
  if (found.angle !== undefined) return angle(reader, found.angle);
  if (found.bold !== undefined) return html`<strong>${inline(reader, found.bold)}</strong>`;
  if (found.italic !== undefined) return html`<em>${inline(reader, found.italic)}</em>`;
  if (found.strike !== undefined) return html`<s>${inline(reader, found.strike)}</s>`;
  if (found.emoji !== undefined) return html`${emoji(found.emoji)}`;
  const url = decoded(found.url ?? '');
  return link(reader, url, url);
}

/** Reads what is between `<` and `>`: a mention, a date or a link. */
function angle(reader: Reader, content: string): Html {
  const [target = '', label] = content.split('|', 2);
  if (target.startsWith('@')) return userMention(reader, target.slice(1));
  if (target.startsWith('#')) return channelMention(reader, target.slice(1));
  if (target.startsWith('!subteam^')) return groupMention(reader, target.slice('!subteam^'.length));
  if (target.startsWith('!date^')) return date(reader, target, label);
  if (target.startsWith('!')) return broadcast(target.slice(1));
  const url = decoded(target);
  return link(reader, url, label === undefined ? url.replace(/^mailto:/, '') : decoded(label));
}

function date(reader: Reader, target: string, fallback: string | undefined): Html {
  const [, unix = '', format = '', url] = target.split('^');
  if (!/^\d+$/.test(unix)) return html`${decoded(fallback ?? '')}`;
  const shown = html`<time datetime="${new Date(Number(unix) * 1000).toISOString()}">${formatDate(Number(unix), format, reader.workspace.now())}</time>`;
  return url ? link(reader, decoded(url), shown) : shown;
}
