/** A small Bolt app that uses every feature of the local Slack once, over both transports. */
import { App, type AppOptions, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import type { View } from '@slack/types';
import { WebClient } from '@slack/web-api';
import { afterEach } from 'vitest';
import type { Option } from './model.ts';
import { seed } from './seed.ts';
import type { WorkspaceOptions } from './slack-server.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** What these tests provoke would fill the screen. */
const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => LogLevel.ERROR,
};

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of stack.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** The commands of the bots in these tests. */
const fixtureCommands = ['/mine', '/slow', '/broken', '/steps', '/bad', '/many'];

export async function workspaceWith(options: WorkspaceOptions = {}) {
  const workspace = await openWorkspace({ seed: seed({ commands: fixtureCommands }), ...options });
  stack.push(workspace);
  const client = new WebClient(workspace.botToken, {
    slackApiUrl: workspace.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent,
  });
  return { workspace, client };
}

export type Mode = 'socket' | 'http';

/**
 * A bot that registers one service and lets people approve: every kind of payload, once. It gives a connection up where
 * no pong comes for `pingTimeout` milliseconds.
 */
export async function botOn(
  workspace: Workspace,
  mode: Mode,
  change: (app: App) => void = listen,
  pingTimeout = 60_000,
): Promise<App> {
  const api = { slackApiUrl: workspace.apiUrl, retryConfig: { retries: 0 } };
  const receiver =
    mode === 'socket'
      ? new SocketModeReceiver({
          appToken: workspace.appToken,
          logger: silent,
          clientPingTimeout: pingTimeout,
          installerOptions: { clientOptions: { ...api } },
        })
      : new HTTPReceiver({ signingSecret: workspace.signingSecret, logger: silent });
  const options: AppOptions = {
    token: workspace.botToken,
    deferInitialization: true,
    receiver,
    logger: silent,
    clientOptions: { ...api },
    convoStore: false,
  };
  const app = new App(options);
  await app.init();
  change(app);
  const server = await app.start(0);
  if (mode === 'http' && server && 'address' in server) {
    const address = server.address();
    if (typeof address === 'object' && address) workspace.deliverOver(`http://127.0.0.1:${address.port}/slack/events`);
  }
  stack.push({ [Symbol.asyncDispose]: async () => void (await app.stop()) });
  return app;
}

export const modal: View = {
  type: 'modal',
  callback_id: 'register',
  title: { type: 'plain_text', text: 'Register' },
  submit: { type: 'plain_text', text: 'Request access' },
  notify_on_close: true,
  blocks: [
    {
      type: 'input',
      block_id: 'services',
      label: { type: 'plain_text', text: 'Services' },
      element: { type: 'multi_external_select', action_id: 'services', min_query_length: 0, max_selected_items: 2 },
    },
    {
      type: 'input',
      block_id: 'reason',
      label: { type: 'plain_text', text: 'Reason' },
      element: { type: 'plain_text_input', action_id: 'reason', multiline: true, max_length: 20 },
    },
  ],
};

export const services = ['Payments API', 'Orders API', 'Search API'];

export function listen(app: App): void {
  app.command('/register', async ({ ack, client, body }) => {
    await ack();
    await client.views.open({ trigger_id: body.trigger_id, view: modal });
  });
  app.command('/mine', async ({ ack, command }) => ack(`You said ${command.text}`));
  app.options('services', async ({ ack, options }) => {
    const found = services.filter((name) => name.toLowerCase().includes(options.value.toLowerCase()));
    await ack({ options: found.map((text) => ({ text: { type: 'plain_text', text }, value: text })) });
  });
  app.view('register', async ({ ack, view, body, client }) => {
    const reason = view.state.values.reason?.reason?.value ?? '';
    if (reason === 'none') return ack({ response_action: 'errors', errors: { reason: 'A real one, please.' } });
    await ack();
    const chosen = view.state.values.services?.services?.selected_options ?? [];
    await client.chat.postMessage({
      channel: 'C0REQUESTS',
      text: 'A request',
      metadata: { event_type: 'card', event_payload: { reason } },
      blocks: [
        {
          type: 'section',
          text: { type: 'mrkdwn', text: `<@${body.user.id}> wants *${chosen.map((o) => o.text.text).join(', ')}*` },
        },
        {
          type: 'rich_text',
          elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: reason }] }],
        },
        {
          type: 'actions',
          block_id: 'decide',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              text: { type: 'plain_text', text: 'Approve' },
              value: body.user.id,
            },
            {
              type: 'overflow',
              action_id: 'more',
              options: [{ text: { type: 'plain_text', text: 'Delete request' }, value: 'delete' }],
            },
          ],
        },
      ],
    });
  });
  app.action('approve', async ({ ack, body, respond, client, action }) => {
    await ack();
    await respond({ text: 'Thank you.', replace_original: false });
    if (body.type !== 'block_actions' || !body.message || !body.channel || action.type !== 'button') return;
    const text = `Approved by <@${body.user.id}>`;
    await client.chat.update({
      channel: body.channel.id,
      ts: body.message.ts,
      text,
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }],
    });
    await client.chat.postMessage({ channel: action.value ?? '', text: 'You may now use it &lt;safely&gt;.' });
  });
  app.action('more', async ({ ack, respond }) => {
    await ack();
    await respond({ delete_original: true });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({
      user_id: event.user,
      view: { type: 'home', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'Hello' } }] },
    });
  });
}

/** A trigger of a command that no bot hears. */
export async function trigger(workspace: Workspace): Promise<string> {
  await workspace.command('dana', 'general', '/mine');
  return String(workspace.delivered.at(-1)?.trigger_id);
}

export const plain = (text: string) => ({ type: 'plain_text' as const, text });
export const times = <T>(count: number, one: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => one(index));
export const option = (index: number, over: Partial<Option> = {}): Option => ({
  text: plain(`option ${index}`),
  value: `${index}`,
  ...over,
});
