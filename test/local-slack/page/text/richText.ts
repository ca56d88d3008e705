/** Rich text: text that is already taken apart. Nothing in it is parsed, which is why user-typed text belongs here. */
import type { RichTextBlock, RichTextElement } from '@slack/types';
import { type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { formatDate } from './dates.ts';
import { emoji } from './emoji.ts';
import { broadcast, channelMention, groupMention, link, userMention } from './mentions.ts';

export function richText(reader: Reader, block: RichTextBlock): Html {
  return html`${block.elements.map((element) => {
    switch (element.type) {
      case 'rich_text_section':
        return html`<div class="rich-section">${element.elements.map((each) => styled(reader, each))}</div>`;
      case 'rich_text_quote':
        return html`<blockquote>${element.elements.map((each) => styled(reader, each))}</blockquote>`;
      case 'rich_text_preformatted':
        return html`<pre>${element.elements.map((each) => (each.type === 'link' ? (each.text ?? each.url) : each.text))}</pre>`;
      case 'rich_text_list': {
        const items = element.elements.map(
          (item) => html`<li>${item.elements.map((each) => styled(reader, each))}</li>`,
        );
        const level = `indent-${Math.min(element.indent ?? 0, 4)}`;
        return element.style === 'ordered'
          ? html`<ol class="${level}">${items}</ol>`
          : html`<ul class="${level}">${items}</ul>`;
      }
      default:
        return element satisfies never;
    }
  })}`;
}

function styled(reader: Reader, element: RichTextElement): Html {
  const style = element.style ?? {};
  let content = one(reader, element);
  if ('code' in style && style.code) content = html`<code>${content}</code>`;
  if (style.strike) content = html`<s>${content}</s>`;
  if (style.italic) content = html`<em>${content}</em>`;
  return style.bold ? html`<strong>${content}</strong>` : content;
}

function one(reader: Reader, element: RichTextElement): Html {
  switch (element.type) {
    case 'text':
      return html`${element.text}`;
    case 'link':
      return link(reader, element.url, element.text || element.url);
    case 'user':
      return userMention(reader, element.user_id);
    case 'usergroup':
      return groupMention(reader, element.usergroup_id);
    case 'channel':
      return channelMention(reader, element.channel_id);
    case 'broadcast':
      return broadcast(element.range);
    case 'date': {
      const iso = new Date(element.timestamp * 1000).toISOString();
      return html`<time datetime="${iso}">${formatDate(element.timestamp, element.format, reader.workspace.now())}</time>`;
    }
    case 'emoji':
      return html`${emoji(element.name)}`;
    case 'color':
      return html`<code>${element.value}</code>`;
    case 'team':
      return html`<span class="mention">@${element.team_id}</span>`;
    default:
      return element satisfies never;
  }
}
