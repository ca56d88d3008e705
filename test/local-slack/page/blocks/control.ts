/** Interactive elements outside of forms: each use of one is sent to the bot at once. */
import type { ActionsBlockElement, Button, Confirm, Overflow, SectionBlockAccessory } from '@slack/types';
import { type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { plain } from '../text/emoji.ts';
import { text } from '../text/text.ts';
import type { Surroundings } from './block.ts';
import { choices } from './choices.ts';
import { picker } from './picker.ts';

type Control = ActionsBlockElement | Exclude<SectionBlockAccessory, { type: 'image' }>;

export function control(around: Surroundings, element: Control, blockId: string): Html {
  const { reader } = around;
  switch (element.type) {
    case 'button':
      return button(reader, element, blockId);
    case 'overflow':
      return overflow(around, element, blockId);
    case 'radio_buttons':
    case 'checkboxes': {
      const name = `${around.surface}/${blockId}/${element.action_id ?? ''}`;
      const state = around.values[blockId]?.[element.action_id ?? ''];
      return html`<div class="choices" data-act ${where(blockId, element.action_id)}>${choices(reader, element, name, state)}</div>`;
    }
    case 'static_select':
    case 'external_select':
    case 'users_select':
    case 'conversations_select':
    case 'channels_select':
    case 'multi_static_select':
    case 'multi_external_select':
    case 'multi_users_select':
    case 'multi_conversations_select':
    case 'multi_channels_select':
      return html`<div class="inline-picker" data-act ${where(blockId, element.action_id)} ${confirm(reader, element.confirm)}>${picker(
        around,
        element,
        blockId,
        {
          id: `${around.surface}/${blockId}/${element.action_id ?? ''}`,
          label: element.placeholder?.text ?? 'Choose',
        },
      )}</div>`;
    default:
      return html`<span class="b-context">An element of the type ${element.type} is not shown here.</span>`;
  }
}

/**
 * The attributes by which the page tells the server which element was used. The key tells it from its neighbours when the
 * page is redrawn (static/morph.js), and so the options of a menu from each other.
 */
export function where(blockId: string, actionId: string | undefined, option = ''): Html {
  return html`data-block="${blockId}" data-action="${actionId ?? ''}" data-key="${blockId}/${actionId ?? ''}/${option}"`;
}

function button(reader: Reader, element: Button, blockId: string): Html {
  const look = `button${element.style ? ` button-${element.style}` : ''}`;
  const label = element.accessibility_label && html`aria-label="${element.accessibility_label}"`;
  const url = element.url && html`data-url="${element.url}"`;
  return html`<button type="button" class="${look}" data-act ${where(blockId, element.action_id)} ${label} ${url} ${confirm(reader, element.confirm)}>${plain(element.text.text)}</button>`;
}

function overflow(around: Surroundings, element: Overflow, blockId: string): Html {
  const id = `${around.surface}/${blockId}/${element.action_id ?? ''}`;
  const items = element.options.map((option) => {
    const style = /^(delete|remove)\b/i.test(option.text.text) ? 'menu-item menu-item-danger' : 'menu-item';
    return html`<button type="button" role="menuitem" class="${style}" data-act ${where(blockId, element.action_id, option.value)}
      data-option="${JSON.stringify(option)}" ${option.url && html`data-url="${option.url}"`}
      ${confirm(around.reader, element.confirm)}>${plain(option.text.text)}${option.description && html`<small>${plain(option.description.text)}</small>`}</button>`;
  });
  return html`<span class="overflow" data-key="${blockId}/${element.action_id ?? ''}">
    <button type="button" class="button button-icon" popovertarget="${id}" aria-haspopup="menu" aria-label="More actions">⋯</button>
    <div popover role="menu" class="menu" id="${id}">${items}</div>
  </span>`;
}

/** Renders what a confirmation dialog asks. Its text is drawn here, since only the server can draw mentions. */
function confirm(reader: Reader, dialog: Confirm | undefined): Html | false {
  if (!dialog) return false;
  const question = {
    title: plain(dialog.title?.text ?? 'Are you sure?'),
    markup: text(reader, dialog.text).markup,
    confirm: plain(dialog.confirm?.text ?? 'Yes'),
    deny: plain(dialog.deny?.text ?? 'No'),
    style: dialog.style ?? 'primary',
  };
  return html`data-confirm="${JSON.stringify(question)}"`;
}
