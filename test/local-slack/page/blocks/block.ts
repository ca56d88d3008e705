/** Layout blocks as HTML, for messages, modals and the Home tab alike. */
import type { AnyBlock, SectionBlock, TableBlock } from '@slack/types';
import { known } from '../../blocks/placed.ts';
import type { Block, ViewState } from '../../model.ts';
import { type Html, html, nothing } from '../html.ts';
import type { Reader } from '../reader.ts';
import { plain } from '../text/emoji.ts';
import { mrkdwn } from '../text/mrkdwn.ts';
import { richText } from '../text/richText.ts';
import { text } from '../text/text.ts';
import { dataVisualization } from './chart.ts';
import { control } from './control.ts';
import { inputBlock } from './inputBlock.ts';

/** What surrounds a block: in a modal, what the person has filled in and what the bot had to say about it. */
export type Surroundings = {
  reader: Reader;
  /** Unique on the page: two messages may hold the same block and action ids. */
  surface: string;
  values: Record<string, Record<string, ViewState>>;
  errors: Record<string, string>;
};

export function blocks(around: Surroundings, list: AnyBlock[]): Html {
  return html`${known(list).map((each) => block(around, each, each.block_id ?? ''))}`;
}

function block(around: Surroundings, each: Block, id: string): Html {
  const { reader } = around;
  // The type is a part of the key, so that an element never turns into one of another kind while it is used.
  const key = `${each.type}:${id}`;
  switch (each.type) {
    case 'header':
      return html`<h3 class="b-header" data-key="${key}">${plain(each.text.text)}</h3>`;
    case 'divider':
      return html`<hr class="b-divider" data-key="${key}">`;
    case 'section':
      return section(around, each, key, id);
    case 'context':
      return html`<div class="b-context" data-key="${key}">${each.elements.map((element) =>
        element.type === 'image' ? image(element) : html`<span>${text(reader, element)}</span>`,
      )}</div>`;
    case 'rich_text':
      return html`<div class="b-rich" data-key="${key}">${richText(reader, each)}</div>`;
    case 'actions':
      return html`<div class="b-actions" data-key="${key}">${each.elements.map((element) => control(around, element, id))}</div>`;
    case 'input':
      return inputBlock(around, each, id);
    case 'alert':
      return html`<div class="b-alert b-alert-${each.level ?? 'default'}" role="note" data-key="${key}">${text(reader, each.text)}</div>`;
    case 'image':
      return html`<figure class="b-image" data-key="${key}">${each.title && html`<figcaption>${plain(each.title.text)}</figcaption>`}${image(each)}</figure>`;
    case 'markdown':
      return html`<div class="b-rich" data-key="${key}">${mrkdwn(reader, each.text.replaceAll('**', '*'))}</div>`;
    case 'data_visualization':
      return dataVisualization(each, key);
    case 'table':
      return table(reader, each, key);
    default:
      return html`<div class="b-context" data-key="${key}">A block of the type ${each.type} is not shown here.</div>`;
  }
}

function section(around: Surroundings, each: SectionBlock, key: string, id: string): Html {
  const { reader } = around;
  const { accessory } = each;
  return html`<div class="b-section" data-key="${key}">
    <div class="b-section-text">
      ${each.text && html`<div class="b-text">${text(reader, each.text)}</div>`}
      ${each.fields && html`<div class="b-fields">${each.fields.map((field) => html`<div>${text(reader, field)}</div>`)}</div>`}
    </div>
    ${accessory ? html`<div class="b-accessory">${accessory.type === 'image' ? image(accessory) : control(around, accessory, id)}</div>` : nothing}
  </div>`;
}

type Picture = { alt_text: string; image_url?: string };

/** Only pictures that travel inside the message: the page fetches nothing from other machines. */
function image(element: Picture): Html {
  const url = element.image_url ?? '';
  if (url.startsWith('data:image/')) return html`<img src="${url}" alt="${element.alt_text}">`;
  return html`<span class="b-picture" role="img" aria-label="${element.alt_text}">${element.alt_text}</span>`;
}

function table(reader: Reader, each: TableBlock, key: string): Html {
  const rows = each.rows.map((row, index) => {
    const cells = row.map((cell) => {
      const content = cell.type === 'rich_text' ? richText(reader, cell) : html`${cell.text}`;
      return index === 0 ? html`<th>${content}</th>` : html`<td>${content}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  return html`<table class="b-table" data-key="${key}"><tbody>${rows}</tbody></table>`;
}
