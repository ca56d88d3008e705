/** What Slack refuses is refused here, in its words. */
import { describe, expect, it } from 'vitest';
import { modal, option, plain, times, trigger, workspaceWith } from './fixture-app.ts';
import { channel, person, seed } from './seed.ts';

const button = (over: object = {}) => ({ type: 'button', text: plain('Press'), ...over });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const input = (over: object = {}, block: object = {}) => ({
  type: 'input',
  label: plain('Label'),
  element: { type: 'plain_text_input', ...over },
  ...block,
});
const chart = (over: object = {}, block: object = {}) => ({
  type: 'data_visualization',
  title: 'Requests',
  chart: {
    type: 'bar',
    series: [bars('Opened', ['Mon', 'Tue'])],
    axis_config: { categories: ['Mon', 'Tue'] },
    ...over,
  },
  ...block,
});
const bars = (name: string, labels: string[]) => ({ name, data: labels.map((label) => ({ label, value: 1 })) });
const rich = (...elements: object[]) => ({ type: 'rich_text', elements });

describe('as strict as Slack', () => {
  it.each<[string, unknown[], string]>([
    ['51 blocks', times(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
    ['an unknown block', [{ type: 'marquee' }], 'unsupported type [json-pointer:/blocks/0/type]'],
    ['an alert outside of a modal', [{ type: 'alert', text: plain('x') }], 'unsupported type'],
    ['an unknown property', [{ type: 'divider', colour: 'red' }], 'invalid additional property: colour'],
    ['empty text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    ['a section of 3001', [section('x'.repeat(3001))], 'must be less than 3001 characters'],
    ['a section without text', [{ type: 'section' }], 'must provide either text or fields'],
    ['11 fields', [{ type: 'section', fields: times(11, () => plain('x')) }], 'no more than 10 items'],
    ['a field of 2001', [{ type: 'section', fields: [plain('x'.repeat(2001))] }], 'less than 2001'],
    ['a header of 151', [{ type: 'header', text: plain('x'.repeat(151)) }], 'less than 151'],
    ['a mrkdwn header', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }], '/blocks/0/text/type'],
    ['11 in a context', [{ type: 'context', elements: times(11, () => plain('x')) }], 'no more than 10 items'],
    ['26 actions', [actions(...times(26, (i) => button({ action_id: `${i}` })))], 'no more than 25 items'],
    ['no actions', [actions()], 'no fewer than 1 items'],
    ['a button of 76', [actions(button({ text: plain('x'.repeat(76)) }))], 'less than 76'],
    ['a button value of 2001', [actions(button({ value: 'x'.repeat(2001) }))], 'less than 2001'],
    ['a button style', [actions(button({ style: 'warning' }))], '/blocks/0/elements/0/style'],
    [
      'a confirm without text',
      [actions(button({ confirm: { title: plain('x'), confirm: plain('x'), deny: plain('x') } }))],
      'missing required field: text',
    ],
    ['a block_id of 256', [{ type: 'divider', block_id: 'x'.repeat(256) }], 'less than 256'],
    ['equal block_ids', times(2, () => ({ type: 'divider', block_id: 'x' })), '`block_id` must be unique'],
    ['equal action_ids', [actions(...times(2, () => button({ action_id: 'x' })))], '`action_id` must be unique'],
    [
      '6 overflow options',
      [actions({ type: 'overflow', options: times(6, (i) => option(i)) })],
      'no more than 5 items',
    ],
    [
      '101 options',
      [actions({ type: 'static_select', options: times(101, (i) => option(i)) })],
      'no more than 100 items',
    ],
    [
      'an option value of 151',
      [actions({ type: 'overflow', options: [option(1, { value: 'x'.repeat(151) })] })],
      '151',
    ],
    ['an option of 76', [actions({ type: 'overflow', options: [option(1, { text: plain('x'.repeat(76)) })] })], '76'],
    ['a select without options', [actions({ type: 'static_select' })], 'either options or option_groups'],
    ['an image without alt', [{ type: 'image', image_url: 'https://a.example' }], 'missing required field: alt_text'],
    ['an image of nothing', [{ type: 'image', alt_text: 'x' }], 'missing required field: image_url'],
    [
      'a chart title of 51',
      [chart({}, { title: 'x'.repeat(51) })],
      'less than 51 characters [json-pointer:/blocks/0/title]',
    ],
    ['an unknown chart', [chart({ type: 'radar' })], 'unsupported type [json-pointer:/blocks/0/chart/type]'],
    ['a chart without series', [chart({ series: [] })], 'no fewer than 1 items'],
    ['7 series', [chart({ series: times(7, (i) => bars(`${i}`, ['Mon', 'Tue'])) })], 'no more than 6 items'],
    [
      'equal series names',
      [chart({ series: times(2, () => bars('x', ['Mon', 'Tue'])) })],
      'series names must be unique',
    ],
    ['a series name of 21', [chart({ series: [bars('x'.repeat(21), ['Mon', 'Tue'])] })], 'less than 21'],
    ['a series without a category', [chart({ series: [bars('x', ['Mon'])] })], 'one point for each category'],
    ['a series with another label', [chart({ series: [bars('x', ['Mon', 'Sun'])] })], 'one point for each category'],
    [
      'a series with a label twice',
      [chart({ series: [bars('x', ['Mon', 'Mon', 'Tue'])] })],
      'one point for each category',
    ],
    [
      '21 categories',
      [
        chart({
          axis_config: { categories: times(21, (i) => `${i}`) },
          series: [
            bars(
              'x',
              times(21, (i) => `${i}`),
            ),
          ],
        }),
      ],
      'no more than 20 items allowed [json-pointer:/blocks/0/chart/axis_config/categories]',
    ],
    ['3 charts', times(3, () => chart()), 'no more than 2 data_visualization blocks'],
    ['bare words in rich text', [rich({ type: 'text', text: 'x' })], 'unsupported type'],
    ['empty rich text', [rich({ type: 'rich_text_quote', elements: [{ type: 'text', text: '' }] })], 'more than 0'],
    ['a bad style', [rich({ type: 'rich_text_list', style: 'roman', elements: [] })], '/elements/0/style'],
    ['no block at all', ['text'], 'must provide a object'],
  ])('a message with %s is refused', async (_, blocks, words) => {
    const { client } = await workspaceWith();
    const refused = client.apiCall('chat.postMessage', { channel: 'C0GENERAL', text: 'x', blocks });
    await expect(refused).rejects.toMatchObject({
      data: { error: 'invalid_blocks', response_metadata: { messages: [expect.stringContaining(words)] } },
    });
  });

  it.each<[string, object, string]>([
    ['a title of 25', { title: plain('x'.repeat(25)) }, 'less than 25 characters [json-pointer:/view/title/text]'],
    ['no title', { title: undefined }, 'missing required field: title'],
    ['no submit', { submit: undefined }, 'missing required field: submit'],
    ['a submit of 25', { submit: plain('x'.repeat(25)) }, 'less than 25'],
    ['private_metadata of 3001', { private_metadata: 'x'.repeat(3001) }, 'less than 3001'],
    ['101 blocks', { blocks: times(101, () => ({ type: 'divider' })) }, 'no more than 100 items'],
    ['a placeholder of 151', { blocks: [input({ placeholder: plain('x'.repeat(151)) })] }, 'less than 151'],
    ['a max_length of 3001', { blocks: [input({ max_length: 3001 })] }, 'must be less than 3001'],
    ['a label in mrkdwn', { blocks: [input({}, { label: { type: 'mrkdwn', text: 'x' } })] }, '/blocks/0/label/type'],
    ['a button as input', { blocks: [input({}, { element: button() })] }, 'unsupported type'],
    ['two in focus', { blocks: times(2, () => input({ focus_on_load: true })) }, 'only one element'],
    ['the type home', { type: 'home' }, '/view/type'],
    ['a chart', { blocks: [chart()] }, 'unsupported type'],
    ['a table', { blocks: [{ type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] }] }, 'unsupported type'],
    [
      'an initial option not offered',
      { blocks: [input({}, { element: { type: 'static_select', options: [option(1)], initial_option: option(2) } })] },
      'initial option is not among the options',
    ],
  ])('a modal with %s is refused, and its trigger stays good', async (_, over, words) => {
    const { workspace, client } = await workspaceWith();
    const trigger_id = await trigger(workspace);
    const view = { type: 'modal', title: plain('Title'), submit: plain('Go'), blocks: [input()], ...over };
    await expect(client.apiCall('views.open', { trigger_id, view })).rejects.toMatchObject({
      data: { error: 'invalid_arguments', response_metadata: { messages: [expect.stringContaining(words)] } },
    });
    await client.views.open({ trigger_id, view: modal });
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['a private channel without the bot', 'chat.postMessage', { channel: 'C0SECRET', text: 'x' }, 'channel_not_found'],
    ['a public channel without the bot', 'chat.postMessage', { channel: 'C0OTHER', text: 'x' }, 'not_in_channel'],
    ['an archived channel', 'chat.postMessage', { channel: 'C0OLD', text: 'x' }, 'is_archived'],
    ['nobody', 'chat.postMessage', { channel: 'U0NOBODY', text: 'x' }, 'channel_not_found'],
    ['someone deactivated', 'chat.postMessage', { channel: 'U0GONE', text: 'x' }, 'channel_not_found'],
    ['no words', 'chat.postMessage', { channel: 'C0GENERAL' }, 'no_text'],
    ['blocks that are no JSON', 'chat.postMessage', { channel: 'C0GENERAL', blocks: '[{' }, 'invalid_blocks_format'],
    [
      'too much in all blocks',
      'chat.postMessage',
      { channel: 'C0GENERAL', blocks: times(5, () => section('x'.repeat(2800))) },
      'msg_blocks_too_long',
    ],
    [
      'nested metadata',
      'chat.postMessage',
      { channel: 'C0GENERAL', text: 'x', metadata: { event_type: 'x', event_payload: { a: { b: { c: 1 } } } } },
      'invalid_metadata_schema',
    ],
    [
      'large metadata',
      'chat.postMessage',
      { channel: 'C0GENERAL', text: 'x', metadata: { event_type: 'x', event_payload: { a: 'x'.repeat(9000) } } },
      'metadata_too_large',
    ],
    [
      'a whisper to a stranger',
      'chat.postEphemeral',
      { channel: 'C0REQUESTS', user: 'U0LEE', text: 'x' },
      'user_not_in_channel',
    ],
    ['an unknown message', 'chat.update', { channel: 'C0GENERAL', ts: '1.000100', text: 'x' }, 'message_not_found'],
    ['a channel by a person', 'chat.update', { channel: 'U0DANA', ts: '1.000100', text: 'x' }, 'channel_not_found'],
    ['a DM with someone deactivated', 'conversations.open', { users: 'U0GONE' }, 'user_disabled'],
    ['a DM with nobody', 'conversations.open', { users: 'U0NOBODY' }, 'user_not_found'],
    ['an unknown person', 'users.info', { user: 'U0NOBODY' }, 'user_not_found'],
    ['an unknown group', 'usergroups.users.list', { usergroup: 'S0NONE' }, 'no_such_subteam'],
    ['an unknown view', 'views.update', { view_id: 'V0NONE', view: modal }, 'not_found'],
    ['an unknown trigger', 'views.open', { trigger_id: '1.2.x', view: modal }, 'invalid_trigger_id'],
    ['an unknown method', 'chat.shout', {}, 'unknown_method'],
    ['a scope that was not granted', 'team.info', {}, 'missing_scope'],
    ['the wrong token', 'apps.connections.open', {}, 'not_allowed_token_type'],
  ])('%s: %s is refused', async (_, method, args, error) => {
    const largeWorkspace = seed({
      members: [person('gone', { deleted: true })],
      channels: [
        channel('C0SECRET', 'secret', ['U0ALEX'], { kind: 'private' }),
        channel('C0OTHER', 'other', ['U0ALEX']),
        channel('C0OLD', 'old', ['U0ALEX', 'U0REGISTRAR'], { archived: true }),
      ],
    });
    const { client } = await workspaceWith({ seed: largeWorkspace });
    await expect(client.apiCall(method, args)).rejects.toMatchObject({ data: { ok: false, error } });
  });

  it('a message is updated only by its author, and keeps what is not replaced', async () => {
    const { workspace, client } = await workspaceWith();
    await workspace.say('dana', 'general', 'hello');
    const [said] = workspace.messages('general');
    const theirs = client.chat.update({ channel: 'C0GENERAL', ts: said?.ts ?? '', text: 'x' });
    await expect(theirs).rejects.toMatchObject({ data: { error: 'cant_update_message' } });
    const metadata = { event_type: 'card', event_payload: { id: 1 } };
    const { ts = '' } = await client.chat.postMessage({ channel: 'C0GENERAL', text: 'one', metadata });
    const before = workspace.messages('general')[1];
    await client.chat.update({ channel: 'C0GENERAL', ts, text: 'two' });
    expect(workspace.messages('general')[1]).toMatchObject({ text: 'two', metadata });
    expect(before?.text).toBe('one');
    const { messages } = await client.conversations.history({
      channel: 'C0GENERAL',
      oldest: ts,
      inclusive: true,
      include_all_metadata: true,
    });
    expect(messages).toMatchObject([{ ts, text: 'two', metadata }]);
  });
});
