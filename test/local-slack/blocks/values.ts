/** What stands in a view's fields: Slack's `state.values`, and the checks that Slack makes before it submits them. */
import type { AnyBlock } from '@slack/types';
import type { Option, View, ViewState } from '../model.ts';
import { type Interactive, type Placed, placed } from './placed.ts';

/** Undefined for buttons and overflow menus, which hold nothing. */
function initial(element: Interactive): ViewState | undefined {
  const { type } = element;
  switch (element.type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: element.initial_value ?? null };
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { type, selected_option: (element.initial_option as Option | undefined) ?? null };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { type, selected_options: (element.initial_options as Option[] | undefined) ?? [] };
    case 'users_select':
      return { type, selected_user: element.initial_user ?? null };
    case 'multi_users_select':
      return { type, selected_users: element.initial_users ?? [] };
    case 'conversations_select':
      return { type, selected_conversation: element.initial_conversation ?? null };
    case 'multi_conversations_select':
      return { type, selected_conversations: element.initial_conversations ?? [] };
    case 'channels_select':
      return { type, selected_channel: element.initial_channel ?? null };
    case 'multi_channels_select':
      return { type, selected_channels: element.initial_channels ?? [] };
    case 'datepicker':
      return { type, selected_date: element.initial_date ?? null };
    case 'timepicker':
      return { type, selected_time: element.initial_time ?? null };
    case 'datetimepicker':
      return { type, selected_date_time: element.initial_date_time ?? null };
    default:
      return undefined;
  }
}

/** A field that keeps its block_id, action_id and type in an update keeps what the person has put into it. */
export function values(blocks: AnyBlock[], before?: View): View['state']['values'] {
  const result: View['state']['values'] = {};
  for (const { blockId, actionId, element } of placed(blocks)) {
    const fresh = initial(element);
    if (!fresh) continue;
    const kept = before?.state.values[blockId]?.[actionId];
    result[blockId] = { ...result[blockId], [actionId]: kept?.type === element.type ? kept : fresh };
  }
  return result;
}

const chosen = (value: ViewState): unknown[] =>
  [
    value.selected_options ?? value.selected_users ?? value.selected_conversations ?? value.selected_channels,
    value.value,
    value.selected_option,
    value.selected_user,
    value.selected_conversation,
    value.selected_channel,
    value.selected_date,
    value.selected_time,
    value.selected_date_time,
  ]
    .flat()
    .filter((one) => one !== undefined && one !== null && one !== '');

const limitOf = (element: Interactive): number =>
  ('max_selected_items' in element ? element.max_selected_items : undefined) ?? Number.POSITIVE_INFINITY;

/** Blanks count as filled in: a bot that wants words looks for itself. Slack's word under a field that it does not submit; undefined where the field is in order. */
function mistake({ element, input }: Placed, value: ViewState): string | undefined {
  const filled = chosen(value);
  const typed = value.value ?? '';
  if (filled.length === 0) {
    return input?.optional ? undefined : 'Please complete this required field.';
  }
  if (filled.length > limitOf(element)) return `Please select no more than ${limitOf(element)} items.`;
  if (element.type === 'plain_text_input') {
    const { min_length: least = 0, max_length: most = 3000 } = element;
    if (typed.length < least) return `Must be at least ${least} characters.`;
    if (typed.length > most) return `Must be at most ${most} characters.`;
  }
  if (element.type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(typed)) return 'Please enter a valid email.';
  if (element.type === 'url_text_input' && !URL.canParse(typed)) return 'Please enter a valid URL.';
  if (element.type === 'number_input' && Number.isNaN(Number(typed))) return 'Please enter a valid number.';
  return undefined;
}

/** The mistakes that Slack's client finds by itself, by block_id: while there is one, the bot hears nothing. */
export function mistakes(view: View): Record<string, string> {
  const found: Record<string, string> = {};
  for (const item of placed(view.blocks)) {
    const value = view.state.values[item.blockId]?.[item.actionId];
    const wrong = item.input && value ? mistake(item, value) : undefined;
    if (wrong) found[item.blockId] = wrong;
  }
  return found;
}
