/** A rich_text block, read line by line. */
import type { RichTextBlock, RichTextElement } from '@slack/types';
import type { Names } from '../transcript.ts';
import { dateText } from './dates.ts';
import { channelName, groupName, userName } from './mrkdwn.ts';

function inline(names: Names, element: RichTextElement): string {
  switch (element.type) {
    case 'text':
      return element.style?.code ? `\`${element.text}\`` : element.text;
    case 'link':
      return element.text === undefined ? element.url : `${element.text} (${element.url})`;
    case 'user':
      return userName(names, element.user_id);
    case 'usergroup':
      return groupName(names, element.usergroup_id);
    case 'channel':
      return channelName(names, element.channel_id);
    case 'broadcast':
      return `@${element.range}`;
    case 'emoji':
      return `:${element.name}:`;
    case 'date':
      return dateText(element.timestamp, element.format, names.now());
    case 'team':
      return `@${element.team_id}`;
    case 'color':
      return element.value;
  }
}

const line = (names: Names, elements: readonly RichTextElement[]) =>
  elements.map((element) => inline(names, element)).join('');

export function richTextLines(names: Names, block: RichTextBlock): string[] {
  return block.elements.flatMap((part) => {
    switch (part.type) {
      case 'rich_text_quote':
        return line(names, part.elements)
          .split('\n')
          .map((text) => `> ${text}`);
      case 'rich_text_list':
        return part.elements.map((item, index) => {
          const mark = part.style === 'ordered' ? `${index + 1}.` : '•';
          return `${'  '.repeat(part.indent ?? 0)}${mark} ${line(names, item.elements)}`;
        });
      default:
        return line(names, part.elements).split('\n');
    }
  });
}
