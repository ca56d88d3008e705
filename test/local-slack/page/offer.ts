/** The list under a select menu, drawn for what has been typed. */
import { find } from '../blocks/placed.ts';
import type { Workspace } from '../workspace.ts';
import { type ChoiceGroup, given, listbox, ownChoices } from './blocks/options.ts';
import type { AnySelect } from './blocks/picker.ts';
import { type Html, html } from './html.ts';
import { readerOf } from './reader.ts';

type Asked = {
  by: string;
  view?: string | undefined;
  message?: { channel: string; ts: string } | undefined;
  block: string;
  action: string;
  typed: string;
  /** The values that are chosen already. */
  chosen: string[];
};

export async function offer(workspace: Workspace, asked: Asked): Promise<Html> {
  const { by, view: viewId, message: at, block, action, typed } = asked;
  const home = workspace.home(by);
  const view = workspace.views(by).find((each) => each.id === viewId) ?? (home?.id === viewId ? home : undefined);
  const message = at && workspace.messagesFor(by, at.channel).find((each) => each.ts === at.ts);
  const element = find(view?.blocks ?? message?.blocks ?? [], block, action)?.element;
  const reader = readerOf(workspace, { as: by });
  if (!reader || !element || !isSelect(element)) return html``;
  const groups = ownChoices(reader, element, typed) ?? (await askBot());
  return listbox(groups, new Set(asked.chosen));

  async function askBot(): Promise<ChoiceGroup[]> {
    const answer = await workspace.suggest({
      by,
      ...(viewId === undefined ? {} : { view: viewId }),
      ...(at ? { message: at } : {}),
      blockId: block,
      actionId: action,
      typed,
    });
    if (Array.isArray(answer)) return [{ choices: answer.map(given) }];
    return answer.option_groups.map((group) => ({ label: group.label.text, choices: group.options.map(given) }));
  }
}

function isSelect(element: { type: string }): element is AnySelect {
  return element.type.endsWith('_select');
}
