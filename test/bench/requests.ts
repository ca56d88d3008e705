/** What Slack sends when someone does something, with the fields that Bolt and the bot read. */
import { applicationPicker, registerModalId, servicesPicker } from '../../src/views/registration/register-modal.ts';

export type Sent = { type: 'form' | 'json'; body: string };

const team = { id: 'T0ACME', domain: 'acme' };
const user = (id: string) => ({ id, username: id.toLowerCase(), name: id.toLowerCase(), team_id: team.id });

const interaction = (payload: object): Sent => ({
  type: 'form',
  body: new URLSearchParams({ payload: JSON.stringify({ team, api_app_id: 'A0REGISTRAR', ...payload }) }).toString(),
});

export const command = (by: string, name: string, trigger: string, responseUrl: string): Sent => ({
  type: 'form',
  body: new URLSearchParams({
    team_id: team.id,
    team_domain: team.domain,
    channel_id: 'C0GENERAL',
    channel_name: 'general',
    user_id: by,
    user_name: by.toLowerCase(),
    command: name,
    text: '',
    api_app_id: 'A0REGISTRAR',
    is_enterprise_install: 'false',
    trigger_id: trigger,
    response_url: responseUrl,
  }).toString(),
});

/** A click on a card's button. `ts`: that of the card, which is not taken for a copy then. */
export const click = (by: string, action: string, value: string, responseUrl: string, ts = '1700000000.1'): Sent =>
  interaction({
    type: 'block_actions',
    user: user(by),
    trigger_id: 'T1',
    container: { type: 'message', message_ts: ts, channel_id: 'C0REQUESTS', is_ephemeral: false },
    channel: { id: 'C0REQUESTS', name: 'privategroup' },
    message: { type: 'message', ts, text: 'card' },
    response_url: responseUrl,
    actions: [
      {
        type: 'button',
        action_id: action,
        block_id: 'decide',
        value,
        text: { type: 'plain_text', text: action },
        action_ts: '1',
      },
    ],
  });

/** A keystroke in a picker of a modal. */
export const keystroke = (by: string, action: string, typed: string): Sent =>
  interaction({
    type: 'block_suggestion',
    user: user(by),
    container: { type: 'view', view_id: 'V1' },
    view: { id: 'V1', type: 'modal', callback_id: 'register', private_metadata: '' },
    action_id: action,
    block_id: action,
    value: typed,
  });

/** The form "Register an application", filled in and sent. */
export const form = (by: string, viewId: string, services: string[], application: string): Sent => {
  const option = (value: string) => ({ text: { type: 'plain_text', text: value }, value });
  return interaction({
    type: 'view_submission',
    user: user(by),
    trigger_id: 'T1',
    view: {
      id: viewId,
      type: 'modal',
      callback_id: registerModalId,
      private_metadata: '',
      blocks: [],
      state: {
        values: {
          services: {
            [servicesPicker]: {
              type: 'multi_external_select',
              selected_options: services.map(option),
            },
          },
          application: {
            [applicationPicker]: { type: 'external_select', selected_option: option(`new:${application}`) },
          },
          reason: { reason: { type: 'plain_text_input', value: 'Checkout for the shop, as agreed' } },
        },
      },
    },
  });
};

/** Someone looks at the app's Home. */
export const homeOpened = (by: string): Sent => ({
  type: 'json',
  body: JSON.stringify({
    type: 'event_callback',
    team_id: team.id,
    api_app_id: 'A0REGISTRAR',
    event: { type: 'app_home_opened', user: by, channel: 'D1', tab: 'home', event_ts: '1' },
    event_id: 'Ev1',
    event_time: 1,
    authorizations: [{ team_id: team.id, user_id: 'U0REGISTRAR', is_bot: true, is_enterprise_install: false }],
  }),
});
