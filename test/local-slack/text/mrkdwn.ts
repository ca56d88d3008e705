/** Slack's mrkdwn, read as a person reads it (docs.slack.dev/messaging/formatting-message-text). */
import type { Names } from '../transcript.ts';
import { dateText } from './dates.ts';

export const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const decoded = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

export const userName = (names: Names, id: string) => `@${names.members.get(id)?.name ?? 'unknown'}`;
export const groupName = (names: Names, id: string) => `@${names.groups.get(id)?.handle ?? 'unknown-group'}`;
export const channelName = (names: Names, id: string) => `#${names.channels.get(id)?.name || 'private-channel'}`;

/** Renders what is between `<` and `>`. */
function special(names: Names, inner: string): string {
  const [target = '', label] = inner.split('|', 2);
  const date = /^!date\^(\d+)\^([^^]+)/.exec(target);
  if (date) return dateText(Number(date[1]), decoded(date[2] ?? ''), names.now());
  if (/^@[UW]/.test(target)) return userName(names, target.slice(1));
  if (/^#[CG]/.test(target)) return channelName(names, target.slice(1));
  if (target.startsWith('!subteam^')) return groupName(names, target.slice('!subteam^'.length));
  if (/^!(here|channel|everyone)$/.test(target)) return `@${target.slice(1)}`;
  if (target.startsWith('!')) return decoded(label ?? inner);
  const url = decoded(target).replace(/^mailto:/, '');
  return label === undefined ? url : `${decoded(label)} (${url})`;
}

/** `*bold*`, `_italic_` and `~struck~` lose their marks at word boundaries, as in Slack; code keeps its backticks. */
const unmarked = (text: string) =>
  text.replace(/(^|[\s(>"'])([*_~])(?=\S)([^\n]*?\S)\2(?=$|[\s).,:;!?"'<])/gm, (_, before: string, __, inner: string) =>
    before.concat(inner),
  );

export function readMrkdwn(names: Names, text: string): string {
  const named = text.replace(/<([^<>]+)>/g, (_, inner: string) => escaped(special(names, inner)));
  return named
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((piece, index) => decoded(index % 2 === 0 ? unmarked(piece) : piece))
    .join('');
}
