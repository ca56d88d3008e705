/** What a select menu offers. */
import type { Option } from '../../model.ts';
import type { Workspace } from '../../workspace.ts';
import { type Html, html } from '../html.ts';
import { people, type Reader } from '../reader.ts';
import { plain } from '../text/emoji.ts';
import type { AnySelect } from './picker.ts';

export type Choice = Option;
export type ChoiceGroup = { label?: string; choices: Choice[] };

type Given = { text: { text: string }; value?: string; description?: { text: string } };

/** A person or a conversation, as an option. */
export function choiceOf(workspace: Workspace, id: string): Choice {
  const channel = workspace.channels.get(id);
  const name = workspace.members.get(id)?.realName ?? (channel ? `#${channel.name}` : id);
  const title = workspace.members.get(id)?.title ?? channel?.topic;
  return { text: text(name), value: id, ...(title ? { description: text(title) } : {}) };
}

/** What a menu offers without asking the bot; undefined for the menus whose options only the bot knows. */
export function ownChoices(reader: Reader, element: AnySelect, typed: string): ChoiceGroup[] | undefined {
  const { workspace } = reader;
  switch (element.type) {
    case 'external_select':
    case 'multi_external_select':
      return undefined;
    case 'static_select':
    case 'multi_static_select': {
      const groups = element.option_groups?.map((group) => ({
        label: group.label.text,
        choices: group.options.map(given),
      }));
      return matching(groups ?? [{ choices: (element.options ?? []).map(given) }], typed);
    }
    case 'users_select':
    case 'multi_users_select':
      return matching([{ choices: people(workspace).map((member) => choiceOf(workspace, member.id)) }], typed);
    default: {
      const kinds = 'filter' in element ? element.filter?.include : undefined;
      const channels = [...workspace.channels.values()].filter(
        (channel) =>
          channel.kind !== 'im' &&
          !channel.archived &&
          (kinds === undefined || kinds.includes(channel.kind)) &&
          (channel.kind === 'public' || channel.members.includes(reader.viewer.id)),
      );
      return matching([{ choices: channels.map((channel) => choiceOf(workspace, channel.id)) }], typed);
    }
  }
}

export function given(option: Given): Choice {
  const { description } = option;
  return {
    text: text(option.text.text),
    value: option.value ?? '',
    ...(description ? { description: text(description.text) } : {}),
  };
}

function text(words: string): Choice['text'] {
  return { type: 'plain_text', text: words };
}

function matching(groups: ChoiceGroup[], typed: string): ChoiceGroup[] {
  const wanted = typed.trim().toLowerCase();
  return groups.map((group) => ({
    ...group,
    choices: group.choices.filter((choice) => choice.text.text.toLowerCase().includes(wanted)),
  }));
}

export function listbox(groups: ChoiceGroup[], chosen: ReadonlySet<string>): Html {
  const shown = groups.filter((group) => group.choices.length > 0);
  if (!shown.length) return html`<p class="listbox-empty" role="status">No results</p>`;
  return html`${shown.map((group) => {
    const options = group.choices.map((choice) => optionRow(choice, chosen.has(choice.value)));
    if (!group.label) return options;
    return html`<div role="group" aria-label="${plain(group.label)}"><p class="listbox-group">${plain(group.label)}</p>${options}</div>`;
  })}`;
}

function optionRow(choice: Choice, selected: boolean): Html {
  const { description } = choice;
  return html`<div role="option" class="option" aria-selected="${selected ? 'true' : 'false'}" data-option="${JSON.stringify(choice)}">
    <span class="option-text">${plain(choice.text.text)}</span>${description && html`<small>${plain(description.text)}</small>`}
  </div>`;
}
