/** A form as it was filled in, put back where its work came to nothing: nobody types twice because a database was away. */
import type { KnownBlock, ModalView, PlainTextElement } from '@slack/types';
import { section } from './blocks.ts';

/** A submitted view, as Slack hands it over. */
export type FilledForm = {
  title?: PlainTextElement;
  submit?: PlainTextElement | null;
  close?: PlainTextElement | null;
  callback_id?: string;
  private_metadata?: string;
  blocks: { type: string; block_id?: string; element?: { action_id?: string } }[];
  state?: { values: Record<string, Record<string, object>> };
};

/** What each kind of field calls what is in it, and what it calls what it begins with. */
const begins = {
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

export function reopenedForm({
  title,
  submit,
  close,
  callback_id,
  private_metadata,
  blocks,
  state,
}: FilledForm): ModalView {
  const filled = blocks
    .filter(({ block_id }) => block_id !== unfinished)
    .map(({ element, ...block }) => {
      if (!element) return block;
      const held = state?.values[block.block_id ?? '']?.[element.action_id ?? ''];
      return { ...block, element: held ? beginning(element, held) : element };
    });
  return {
    type: 'modal',
    title: title ?? { type: 'plain_text', text: 'Registrar' },
    ...(submit ? { submit } : {}),
    ...(close ? { close } : {}),
    ...(callback_id ? { callback_id } : {}),
    ...(private_metadata ? { private_metadata } : {}),
    blocks: [{ ...section(couldNotFinish), block_id: unfinished }, ...(filled as KnownBlock[])],
  };
}

const couldNotFinish =
  ':warning: *Registrar could not finish this.* Nothing is lost: press the button again in a moment. Nothing will happen twice.';

/** The field, beginning with what was in it: Slack takes neither null nor an empty list for that. */
function beginning(element: object, held: object): object {
  const values = new Map<string, unknown>(Object.entries(held));
  const initials = Object.values(begins);
  const rest = Object.entries(element).filter(([key]) => !initials.some((initial) => initial === key));
  const kept = Object.entries(begins).flatMap(([key, initial]) => {
    const value = values.get(key);
    return value == null || (Array.isArray(value) && value.length === 0) ? [] : [[initial, value]];
  });
  return Object.fromEntries([...rest, ...kept]);
}
