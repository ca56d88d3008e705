/** Messages and views as plain lines, as the person in front of them reads them. */
import { type Interactive, known } from './blocks/placed.ts';
import type { Block, Channel, Group, Member, Message, Option, View, ViewState } from './model.ts';
import { chartLines } from './text/chart.ts';
import { channelName, readMrkdwn, userName } from './text/mrkdwn.ts';
import { richTextLines } from './text/rich-text.ts';

/** What turns ids into names and seconds into dates: a Workspace is one. */
export type Names = {
  members: ReadonlyMap<string, Member>;
  groups: ReadonlyMap<string, Group>;
  channels: ReadonlyMap<string, Channel>;
  now: () => number;
};

type Text = { type: 'plain_text' | 'mrkdwn'; text: string };

export function readable(names: Names, thing: Message | View): string {
  return ('ts' in thing ? messageLines(names, thing) : viewLines(names, thing)).join('\n');
}

/** A plain_text is shown raw; a mrkdwn is read. */
const read = (names: Names, text: Text) => (text.type === 'mrkdwn' ? readMrkdwn(names, text.text) : text.text);

/** The text is for notifications as soon as there are blocks. */
function messageLines(names: Names, message: Message): string[] {
  if (message.blocks.length === 0) return [readMrkdwn(names, message.text)];
  return message.blocks.flatMap((block) => blockLines(names, block));
}

function viewLines(names: Names, view: View): string[] {
  const body = known(view.blocks).flatMap((block) => blockLines(names, block, view));
  if (view.type !== 'modal') return body;
  const close = view.close?.text ?? (view.submit ? 'Cancel' : 'Close');
  const buttons = [close, ...(view.submit ? [view.submit.text] : [])].map((label) => `[${label}]`).join(' ');
  return [`== ${view.title.text} ==`, ...body, buttons];
}

function blockLines(names: Names, block: Block, view?: View): string[] {
  const valueAt = (blockId: string | undefined, element: Interactive) =>
    view?.state.values[blockId ?? '']?.[element.action_id ?? ''];
  switch (block.type) {
    case 'header':
      return [block.text.text];
    case 'divider':
      return ['---'];
    case 'section': {
      const { text, fields = [], accessory } = block;
      const lines = [...(text ? [read(names, text)] : []), ...fields.map((field) => read(names, field))];
      const beside = accessory?.type === 'image' ? `[image: ${accessory.alt_text}]` : accessory;
      if (!beside) return lines;
      const shown = typeof beside === 'string' ? beside : elementText(names, beside, valueAt(block.block_id, beside));
      return [...lines.slice(0, -1), `${lines.at(-1) ?? ''} ${shown}`];
    }
    case 'context':
      return [
        `· ${block.elements.map((item) => (item.type === 'image' ? `[image: ${item.alt_text}]` : read(names, item))).join(' · ')}`,
      ];
    case 'actions':
      return [block.elements.map((element) => elementText(names, element, valueAt(block.block_id, element))).join(' ')];
    case 'input': {
      const { label, optional, element, hint } = block;
      const error = view?.errors[block.block_id ?? ''];
      return [
        `${label.text}${optional ? ' (optional)' : ''}: ${elementText(names, element, valueAt(block.block_id, element))}`,
        ...(hint ? [`  ${hint.text}`] : []),
        ...(error ? [`  ! ${error}`] : []),
      ];
    }
    case 'rich_text':
      return richTextLines(names, block);
    case 'alert':
      return [`(${block.level ?? 'note'}) ${read(names, block.text)}`];
    case 'image':
      return [`[image: ${block.alt_text}]`];
    case 'data_visualization':
      return chartLines(block);
    case 'markdown':
      return [block.text];
    case 'table':
      return block.rows.map((row) =>
        row.map((cell) => (cell.type === 'rich_text' ? richTextLines(names, cell).join(' ') : cell.text)).join(' | '),
      );
    default:
      return [`(${block.type})`];
  }
}

const labels = (options: readonly Option[]) => options.map((option) => option.text.text).join(', ');

/** `[Approve]`, `[… Delete request]`, `‹placeholder›`, or what has been picked or typed. */
function elementText(names: Names, element: Interactive, value: ViewState | undefined): string {
  switch (element.type) {
    case 'button':
    case 'workflow_button':
      return `[${element.text.text}]`;
    case 'overflow':
      return `[… ${element.options.map((option) => option.text.text).join(' | ')}]`;
    case 'checkboxes':
    case 'radio_buttons': {
      const on = [...(value?.selected_options ?? []), ...(value?.selected_option ? [value.selected_option] : [])];
      const chosen = new Set(on.map((option) => option.value));
      return element.options
        .map((option) => `${chosen.has(option.value ?? '') ? '(x)' : '( )'} ${read(names, option.text)}`)
        .join(' ');
    }
    default: {
      const shown = filled(names, value);
      return shown || `‹${'placeholder' in element ? (element.placeholder?.text ?? '') : ''}›`;
    }
  }
}

function filled(names: Names, value: ViewState | undefined): string {
  if (!value) return '';
  const users = value.selected_users ?? (value.selected_user ? [value.selected_user] : []);
  const channels = [
    ...(value.selected_conversations ?? value.selected_channels ?? []),
    ...[value.selected_conversation, value.selected_channel].filter((id) => typeof id === 'string'),
  ];
  const options = value.selected_options ?? (value.selected_option ? [value.selected_option] : []);
  const typed = value.value ?? value.selected_date ?? value.selected_time ?? value.selected_date_time;
  return [
    ...users.map((id) => userName(names, id)),
    ...channels.map((id) => channelName(names, id)),
    ...(options.length > 0 ? [labels(options)] : []),
    ...(typed === null || typed === undefined || typed === '' ? [] : [String(typed)]),
  ].join(', ');
}
