/** What the browser says about a field, in Slack's own form. */
import type { Option, ViewState } from '../../model.ts';

export type Entry = { text: string; chosen: Option[] };

/** Undefined for elements that hold nothing, or that the page cannot show. */
export function stateOf(type: string, { text, chosen }: Entry): ViewState | undefined {
  const first = chosen[0];
  const ids = chosen.map((option) => option.value);
  switch (type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: text || null };
    case 'datepicker':
      return { type, selected_date: text || null };
    case 'timepicker':
      return { type, selected_time: text || null };
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { type, selected_option: first ?? null };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { type, selected_options: chosen };
    case 'users_select':
      return { type, selected_user: first?.value ?? null };
    case 'multi_users_select':
      return { type, selected_users: ids };
    case 'conversations_select':
      return { type, selected_conversation: first?.value ?? null };
    case 'multi_conversations_select':
      return { type, selected_conversations: ids };
    case 'channels_select':
      return { type, selected_channel: first?.value ?? null };
    case 'multi_channels_select':
      return { type, selected_channels: ids };
    default:
      return undefined;
  }
}
