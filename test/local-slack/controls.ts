/** Finds a control by its text: a button, an item of an overflow menu, an option of a menu. */
import { type Placed, placed } from './blocks/placed.ts';
import type { Member, Message, View } from './model.ts';
import { readable } from './transcript.ts';
import type { Workspace } from './workspace.ts';

/** Whether Slack is expected to report the action as failed. An action that ends otherwise throws. */
export type Expecting = { expectFailure?: boolean };

export type Target = Expecting & {
  /** A channel, `home`, `messages` (with the bot), or `modal`. Usually the open modal, else `messages`. */
  in?: string;
  /** Words in the message, its ts, or the message itself as this person's screen still shows it. */
  on?: RegExp | string | Message;
};

export type Control = { label: string; item: Placed; option?: string; within: { view: string } | { shown: Message } };

type Who = Pick<Member, 'id' | 'name'>;

export function findControl(workspace: Workspace, who: Who, text: string, how: Target): Control {
  const all = screen(workspace, who, how);
  const found = all.find(({ label }) => label === text);
  if (found) return found;
  const there = all.map(({ label }) => label).join(', ') || 'nothing';
  const where = `in ${how.in ?? 'view'}${how.on instanceof RegExp ? ` on ${how.on}` : ''}`;
  throw new Error(
    `nothing to click "${text}" for ${who.name} ${where}: there is ${there}\n\n${workspace.transcript()}`,
  );
}

/** Lists the controls in a place, those of the newest message first. */
function screen(workspace: Workspace, { id }: Who, { in: place, on }: Target): Control[] {
  const top = workspace.views(id).at(-1);
  if (place === 'home') return inView(homeOf(workspace, id, on));
  if (place === 'modal' || (place === undefined && top && on === undefined)) return top ? inView(top) : [];
  const channel = place === 'messages' || place === undefined ? workspace.imWith(id).id : place;
  const shown = isMessage(on)
    ? [on]
    : workspace.messagesFor(id, channel).filter((message) => matches(workspace, message, on));
  return shown.reverse().flatMap((message) => among(message.blocks, { shown: message }));
}

const isMessage = (on: Target['on']): on is Message => typeof on === 'object' && 'ts' in on;

/** On Home, `on` chooses among equal buttons by the text of their block, or of the one that they are below. */
function homeOf(workspace: Workspace, id: string, on: Target['on']): View {
  const home = workspace.home(id);
  if (!home) throw new Error(`${id} has no Home`);
  const chosen = home.blocks.map((block) => matches(workspace, { ...home, blocks: [block] }, on));
  const blocks = home.blocks.filter(({ type }, index) => chosen[index] || (type === 'actions' && chosen[index - 1]));
  return { ...home, blocks };
}

function matches(workspace: Workspace, thing: Message | View, on: Target['on']): boolean {
  if (on === undefined || isMessage(on)) return true;
  const text = readable(workspace, thing);
  return on instanceof RegExp ? on.test(text) : text.includes(on) || ('ts' in thing && thing.ts === on);
}

const inView = (view: View): Control[] => among(view.blocks, { view: view.id });

function among(blocks: View['blocks'], within: Control['within']): Control[] {
  return placed(blocks).flatMap((item): Control[] => {
    const { element } = item;
    if (element.type === 'button') return [{ label: element.text.text, item, within }];
    if (item.input || !('options' in element) || element.type === 'checkboxes') return [];
    return (element.options ?? []).flatMap(({ text, value }) =>
      value === undefined ? [] : [{ label: text.text, item, option: value, within }],
    );
  });
}
