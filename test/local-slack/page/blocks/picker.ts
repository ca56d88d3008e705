/**
 * Select menus of all kinds: a box to type in, with a list that opens under it. The list is filled by the browser
 * from `/page/options` (see options.ts), so that all kinds look and behave alike.
 */
import type { MultiSelect, Select } from '@slack/types';
import type { ViewState } from '../../model.ts';
import { type Html, html } from '../html.ts';
import { plain } from '../text/emoji.ts';
import type { Surroundings } from './block.ts';
import { type Choice, choiceOf } from './options.ts';

export type AnySelect = Select | MultiSelect;

type Naming = { id: string; label: string; describedBy?: string; focus?: boolean };

export function picker(around: Surroundings, element: AnySelect, blockId: string, naming: Naming): Html {
  const multi = element.type.startsWith('multi_');
  const chosen = chosenOf(around, around.values[blockId]?.[element.action_id ?? '']);
  const single = multi ? '' : plain(chosen[0]?.text.text ?? '');
  const max = 'max_selected_items' in element ? element.max_selected_items : undefined;
  const placeholder = multi && chosen.length ? '' : (element.placeholder?.text ?? 'Select an option');
  const least = 'min_query_length' in element && element.min_query_length !== undefined ? element.min_query_length : 3;
  return html`<div class="picker ${multi && 'picker-multi'}" data-picker="${multi ? 'multi' : 'single'}" data-chosen="${JSON.stringify(chosen)}"
    ${max !== undefined && html`data-max="${max}"`} data-least="${element.type.endsWith('external_select') ? least : 0}">
    ${multi && chosen.map(chip)}
    <input type="text" role="combobox" id="${naming.id}" aria-label="${naming.label}" aria-controls="${naming.id}/list"
      aria-expanded="false" aria-autocomplete="list" autocomplete="off" spellcheck="false" data-key="box"
      placeholder="${plain(placeholder)}" value="${single}" ${naming.describedBy && html`aria-describedby="${naming.describedBy}"`}
      ${naming.focus && html`autofocus`}>
    <div popover="manual" role="listbox" class="listbox" id="${naming.id}/list" aria-label="${naming.label}"
      ${multi && html`aria-multiselectable="true"`} data-own data-key="list"></div>
  </div>`;
}

function chip(choice: Choice): Html {
  return html`<span class="chip" data-key="chip:${choice.value}">${plain(choice.text.text)}<button type="button" data-remove="${choice.value}"
    aria-label="Remove ${plain(choice.text.text)}">×</button></span>`;
}

/** Returns what is chosen in the field. People and conversations are kept by their ids alone. */
function chosenOf({ reader }: Surroundings, state: ViewState | undefined): Choice[] {
  if (!state) return [];
  const options = [state.selected_options, state.selected_option].flat();
  const ids = [
    state.selected_users,
    state.selected_user,
    state.selected_conversations,
    state.selected_conversation,
    state.selected_channels,
    state.selected_channel,
  ].flat();
  return [...options, ...ids.map((id) => (id ? choiceOf(reader.workspace, id) : undefined))].filter(present);
}

function present(choice: Choice | null | undefined): choice is Choice {
  return Boolean(choice);
}
