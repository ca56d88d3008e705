/** Reopens a form as it was filled in, after its work has failed: users need not type twice. */
import type { KnownBlock, ModalView, PlainTextElement } from '@slack/types';
import { section } from './blocks.ts';

/** A submitted view, as Slack sends it. */
export type FilledForm = {
  title?: PlainTextElement;
  submit?: PlainTextElement | null;
  close?: PlainTextElement | null;
  callback_id?: string;
  private_metadata?: string;
  blocks: { type: string; block_id?: string; element?: { action_id?: string } }[];
  state?: { values: Record<string, Record<string, object>> };
};

/** By the property of a field's state that holds its value: the element's property that sets it initially. */
const initialProperties = {
  value: 'initial_value',
  selected_option: 'initial_option',
  selected_options: 'initial_options',
  selected_user: 'initial_user',
  selected_users: 'initial_users',
  selected_conversation: 'initial_conversation',
  selected_conversations: 'initial_conversations',
  selected_channel: 'initial_channel',
  selected_channels: 'initial_channels',
} as const;

const unfinished = 'unfinished';

export function reopenedForm(form: FilledForm): ModalView {
  const { blocks, state } = form;
  const filled = blocks
    .filter(({ block_id }) => block_id !== unfinished)
    .map(({ element, ...block }) => {
      if (!element) return block;
      const held = state?.values[block.block_id ?? '']?.[element.action_id ?? ''];
      return { ...block, element: held ? withInitialValue(element, held) : element };
    });
  return withBlocks(form, [{ ...section(couldNotFinish), block_id: unfinished }, ...(filled as KnownBlock[])]);
}

/** Renders a form that Slack has sent with other blocks. */
export const withBlocks = (
  { title, submit, close, callback_id, private_metadata }: FilledForm,
  blocks: KnownBlock[],
): ModalView => ({
  type: 'modal',
  title: title ?? { type: 'plain_text', text: 'Registrar' },
  ...(submit ? { submit } : {}),
  ...(close ? { close } : {}),
  ...(callback_id ? { callback_id } : {}),
  ...(private_metadata ? { private_metadata } : {}),
  blocks,
});

const couldNotFinish =
  ':warning: *Registrar couldn’t finish this.* Nothing is lost: press the button again in a moment. Nothing will happen twice.';

/** Returns the element with its value as the initial one. Slack takes neither null nor an empty list for that. */
function withInitialValue(element: object, held: object): object {
  const values = new Map<string, unknown>(Object.entries(held));
  const initials = Object.values(initialProperties);
  const rest = Object.entries(element).filter(([key]) => !initials.some((initial) => initial === key));
  const kept = Object.entries(initialProperties).flatMap(([key, initial]) => {
    const value = values.get(key);
    return value == null || (Array.isArray(value) && value.length === 0) ? [] : [[initial, value]];
  });
  return Object.fromEntries([...rest, ...kept]);
}
