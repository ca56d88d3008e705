/** Input blocks of a modal: a label, the element, its hint and what the bot objected to. */
import type { EmailInput, InputBlock, NumberInput, PlainTextInput, URLInput } from '@slack/types';
import type { ViewState } from '../../model.ts';
import { type Html, html, nothing } from '../html.ts';
import { plain } from '../text/emoji.ts';
import type { Surroundings } from './block.ts';
import { choices } from './choices.ts';
import { where } from './control.ts';
import { picker } from './picker.ts';

type TextInput = PlainTextInput | EmailInput | NumberInput | URLInput;

export function inputBlock(around: Surroundings, block: InputBlock, blockId: string): Html {
  const { element } = block;
  const id = `${around.surface}/${blockId}/${element.action_id ?? ''}`;
  const error = around.errors[blockId];
  const notes = [block.hint && `${id}/hint`, error && `${id}/error`].filter(Boolean).join(' ');
  const state = around.values[blockId]?.[element.action_id ?? ''];
  const focus = 'focus_on_load' in element && element.focus_on_load === true;
  const label = plain(block.label.text);
  const optional = block.optional && html`<span class="optional">(optional)</span>`;
  // Many boxes make one answer, so that their label belongs to the group and not to any of them.
  const many = element.type === 'radio_buttons' || element.type === 'checkboxes';
  return html`<div class="field ${error && 'field-wrong'}" data-field data-kind="${element.type}" ${where(blockId, element.action_id)} ${atEnter(block) && html`data-enter`}
    ${many && html`role="group" aria-labelledby="${id}/label"`}>
    ${many ? html`<span class="label" id="${id}/label">${label} ${optional}</span>` : html`<label class="label" for="${id}">${label} ${optional}</label>`}
    ${drawn()}
    ${error && html`<p class="error" id="${id}/error" role="alert">${plain(error)}</p>`}
    ${block.hint && html`<p class="hint" id="${id}/hint">${plain(block.hint.text)}</p>`}
  </div>`;

  function drawn(): Html {
    switch (element.type) {
      case 'plain_text_input':
      case 'email_text_input':
      case 'url_text_input':
      case 'number_input':
        return textInput(element, id, notes, state, focus);
      case 'radio_buttons':
      case 'checkboxes':
        return html`<div class="choices">${choices(around.reader, element, id, state)}</div>`;
      case 'datepicker':
        return html`<input type="date" id="${id}" data-key="box" value="${state?.selected_date}">`;
      case 'timepicker':
        return html`<input type="time" id="${id}" data-key="box" value="${state?.selected_time}">`;
      case 'datetimepicker':
      case 'file_input':
      case 'rich_text_input':
        return html`<p class="hint">An element of the type ${element.type} is not shown here.</p>`;
      default:
        return picker(around, element, blockId, { id, label, describedBy: notes, focus });
    }
  }
}

/** Tells whether the bot gets an event at Enter, which then does not submit the form around. */
function atEnter({ element, dispatch_action }: InputBlock): boolean {
  const config = 'dispatch_action_config' in element ? element.dispatch_action_config : undefined;
  return dispatch_action === true && (config?.trigger_actions_on?.includes('on_enter_pressed') ?? true);
}

const TYPES = { plain_text_input: 'text', email_text_input: 'email', url_text_input: 'url', number_input: 'number' };

function textInput(element: TextInput, id: string, notes: string, state: ViewState | undefined, focus: boolean): Html {
  const value = state?.value ?? '';
  const max = element.type === 'plain_text_input' ? element.max_length : undefined;
  const attributes = html`id="${id}" data-key="box" placeholder="${plain(element.placeholder?.text ?? '')}"
    ${max !== undefined && html`data-max="${max}"`} ${notes && html`aria-describedby="${notes}"`} ${focus && html`autofocus`}`;
  const counter =
    max === undefined ? nothing : html`<span class="counter" data-own data-key="counter">${max - value.length}</span>`;
  if (element.type === 'plain_text_input' && element.multiline) {
    // The line break after the tag is HTML's own: without it a first empty line of the value would be lost.
    return html`<div class="text-input"><textarea rows="4" ${attributes} data-value="${value}">
${value}</textarea>${counter}</div>`;
  }
  // Slack refuses a wrong address or number itself, but in words of its own: the type is only a hint to the keyboard.
  const decimal = element.type === 'number_input' ? 'text' : TYPES[element.type];
  return html`<div class="text-input"><input type="${decimal}" ${attributes} value="${value}">${counter}</div>`;
}
