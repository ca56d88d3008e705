/** The workspace itself, driven by a small Bolt app in both delivery modes. */
import type { KnownBlock, View } from '@slack/types';
import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import {
  botOn,
  listen,
  type Mode,
  modal,
  option,
  plain,
  services,
  times,
  trigger,
  workspaceWith,
} from './fixture-app.ts';

describe.each<Mode>(['socket', 'http'])('over %s', (mode) => {
  it('a request is typed, filled in, posted and approved, and the requester is told', async () => {
    const { workspace } = await workspaceWith();
    await botOn(workspace, mode);
    const dana = workspace.person('dana');
    const alex = workspace.person('alex');

    await dana.types('/register');
    await workspace.until(() => workspace.views('dana').length === 1);
    expect(await dana.searches('Services', 'api')).toEqual(services);
    await dana.picks('Services', 'Payments API');
    await dana.picks('Services', 'Orders');
    expect(await dana.submits()).toEqual({ errors: { Reason: 'Please complete this required field.' } });
    await dana.fills('Reason', 'none');
    expect(await dana.submits()).toEqual({ errors: { Reason: 'A real one, please.' } });
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Register ==
      Services: Payments API, Orders API
      Reason: none
        ! A real one, please.
      [Cancel] [Request access]"
    `);
    await dana.fills('Reason', 'a <b> & c');
    expect(await dana.submits()).toEqual({ closed: true });

    await workspace.until(() => alex.sees('api-requests').length === 1);
    expect(alex.sees('api-requests')).toMatchInlineSnapshot(`
      [
        "@dana wants Payments API, Orders API
      > a <b> & c
      [Approve] [… Delete request]",
      ]
    `);
    expect(dana.sees('api-requests')).toEqual([]);
    await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
    await workspace.until(() => dana.told.length === 1);
    expect(alex.sees('api-requests')).toEqual(['Approved by @alex', 'Thank you.']);
    expect(alex.whispers).toEqual(['Thank you.']);
    expect(dana.told).toEqual(['You may now use it <safely>.']);
    const [card] = workspace.messages('api-requests');
    expect(card?.metadata?.event_payload).toEqual({ reason: 'a <b> & c' });
    expect(workspace.protocolViolations).toEqual([]);
  });

  it('a command gets a response, an overflow item deletes, Home is published', async () => {
    const { workspace, client } = await workspaceWith();
    await botOn(workspace, mode);
    const sam = workspace.person('sam');
    await sam.types('/mine a & b <!channel>');
    expect(sam.whispers).toEqual(['You said a & b <!channel>']);
    await client.chat.postMessage({
      channel: 'C0GENERAL',
      text: 'menu',
      blocks: [
        {
          type: 'actions',
          elements: [
            {
              type: 'overflow',
              action_id: 'more',
              options: [{ text: { type: 'plain_text', text: 'Delete' }, value: 'x' }],
            },
          ],
        },
      ],
    });
    await sam.clicks('Delete', { in: 'general' });
    await workspace.until(() => workspace.messages('general').length === 0);
    await sam.opensHome();
    await workspace.until(() => workspace.home('sam'));
    expect(sam.sees('home')).toEqual(['Hello']);
    expect(workspace.protocolViolations).toEqual([]);
  });

  it('what is not acknowledged in time shows an error to the user, and a late ack is a violation', async () => {
    const { workspace } = await workspaceWith({ ackWithin: 60 });
    const failed = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    await botOn(workspace, mode, (app) => {
      app.command('/slow', async ({ ack }) => {
        await failed.promise;
        await ack();
        late.resolve();
      });
    });
    const answer = await workspace.command('dana', 'general', '/slow');
    expect(answer).toEqual({ ok: false, error: '/slow failed with the error "operation_timeout"' });
    failed.resolve();
    await late.promise;
    await workspace.until(() => workspace.protocolViolations[0]?.startsWith('acknowledged too late'));
  });

  it('an error of the bot is shown to the user', async () => {
    // Over HTTP the bot itself says that it broke; over Socket Mode it says nothing, and Slack gives up.
    const { workspace } = await workspaceWith(mode === 'http' ? {} : { ackWithin: 60 });
    await botOn(workspace, mode, (app) => {
      app.error(async (error) => {
        throw error;
      });
      app.command('/broken', async () => {
        throw new Error('broken on purpose');
      });
    });
    const answer = await workspace.command('dana', 'general', '/broken');
    const word = mode === 'http' ? 'dispatch_failed' : 'operation_timeout';
    expect(answer).toEqual({ ok: false, error: `/broken failed with the error "${word}"` });
  });

  it('a closed modal is reported with notify_on_close, and members join and leave', async () => {
    const { workspace } = await workspaceWith();
    const heard: string[] = [];
    await botOn(workspace, mode, (app) => {
      listen(app);
      app.view({ callback_id: 'register', type: 'view_closed' }, async ({ ack, body }) => {
        await ack();
        heard.push(`closed by ${body.user.name}`);
      });
      app.event('member_left_channel', async ({ event }) => void heard.push(`left ${event.channel}`));
      app.event('member_joined_channel', async ({ event }) => void heard.push(`joined ${event.channel}`));
      app.event('subteam_members_changed', async ({ event }) => void heard.push(`group ${event.added_users}`));
      app.event('user_change', async ({ event }) => void heard.push(`deleted ${event.user.deleted}`));
    });
    await workspace.person('dana').types('/register');
    await workspace.until(() => workspace.views('dana').length === 1);
    await workspace.person('dana').closes();
    await workspace.leave('alex', 'api-requests');
    await workspace.join('lee', 'api-requests');
    await workspace.setGroup('S0PAYMENTS', ['U0PRIYA', 'U0LEE']);
    await workspace.deactivate('sam');
    await workspace.until(() => heard.length === 5);
    expect(heard).toEqual(['closed by dana', 'left C0REQUESTS', 'joined C0REQUESTS', 'group U0LEE', 'deleted true']);
  });
});

describe('time', () => {
  it('a trigger is valid for three seconds and opens one modal; a stack holds three', async () => {
    let time = 1_760_000_000_000;
    const { workspace, client } = await workspaceWith({ now: () => time });
    const late = await trigger(workspace);
    time += 3001;
    await expect(client.views.open({ trigger_id: late, view: modal })).rejects.toThrow('expired_trigger_id');
    const good = await trigger(workspace);
    time += 3000;
    await client.views.open({ trigger_id: good, view: modal });
    await expect(client.views.open({ trigger_id: good, view: modal })).rejects.toThrow('exchanged_trigger_id');
    const push = async () => {
      const top = workspace.views('dana').at(-1);
      const services = { type: 'multi_external_select', selected_options: [option(1)] };
      await workspace.fill({
        by: 'dana',
        view: top?.id ?? '',
        blockId: 'services',
        actionId: 'services',
        state: services,
      });
      const reason = { type: 'plain_text_input', value: 'x' };
      await workspace.fill({ by: 'dana', view: top?.id ?? '', blockId: 'reason', actionId: 'reason', state: reason });
      await workspace.submit('dana', top?.id ?? '');
      return client.views.push({ trigger_id: String(workspace.delivered.at(-1)?.trigger_id), view: modal });
    };
    await push();
    await push();
    await expect(push()).rejects.toThrow('push_limit_reached');
    const top = workspace.views('dana').at(-1);
    const stale = client.views.update({ view_id: top?.id ?? '', hash: 'stale', view: modal });
    await expect(stale).rejects.toThrow('hash_conflict');
    await client.views.update({ view_id: top?.id ?? '', hash: top?.hash ?? '', view: modal });
    expect(workspace.views('dana').at(-1)?.state.values.reason?.reason?.value).toBe('x');
  });

  it('timestamps rise while the clock is stopped, and dates read as today', async () => {
    const { workspace, client } = await workspaceWith({ now: () => 1_760_000_000_000 });
    const first = await client.chat.postMessage({ channel: 'C0GENERAL', text: 'one' });
    const text = '<!date^1760000000^{date_short_pretty} {time}|then> <!subteam^S0PAYMENTS> <#C0REQUESTS> *<@U0ALEX>*';
    const second = await client.chat.postMessage({ channel: 'C0GENERAL', text });
    expect([first.ts, second.ts]).toEqual(['1760000000.000100', '1760000000.000200']);
    expect(workspace.person('dana').sees('general')[1]).toBe('today 08:53 @payments-leads #api-requests @alex');
  });

  it('a response_url works five times within half an hour', async () => {
    let time = 1_760_000_000_000;
    const { workspace } = await workspaceWith({ now: () => time });
    await trigger(workspace);
    const url = String(workspace.delivered.at(-1)?.response_url);
    const post = async (body: object) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
      return `${response.status} ${await response.text()}`;
    };
    expect(await post({ text: 'a', blocks: [{ type: 'nothing' }] })).toMatch(/400 .*invalid_blocks/);
    expect(workspace.protocolViolations).toHaveLength(1);
    for (const _ of times(4, String)) expect(await post({ text: 'whisper' })).toBe('200 ok');
    expect(await post({ text: 'loud', response_type: 'in_channel' })).toBe('200 ok');
    expect(await post({ text: 'again' })).toMatch(/404 .*used_url/);
    expect(workspace.person('dana').whispers).toHaveLength(4);
    expect(workspace.person('sam').sees('general')).toEqual(['loud']);
    time += 30 * 60_000 + 1;
    expect(await post({ text: 'late' })).toMatch(/404 .*expired_url/);
  });

  it('rate limits are those of Slack, where a test enables them', async () => {
    const { client } = await workspaceWith({ rateLimits: true, now: () => 1_760_000_000_000 });
    for (const text of ['1', '2', '3']) await client.chat.postMessage({ channel: 'C0GENERAL', text });
    const fourth = client.chat.postMessage({ channel: 'C0GENERAL', text: '4' });
    await expect(fourth).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 3 });
    await client.chat.postMessage({ channel: 'C0REQUESTS', text: 'elsewhere' });
    for (const _ of times(20, String)) await client.usergroups.list();
    await expect(client.usergroups.list()).rejects.toMatchObject({ retryAfter: 60 });
  });
});

describe('faults', () => {
  it.each([
    [{ kind: 'rate-limited', retryAfter: 7 }, { code: 'slack_webapi_rate_limited_error', retryAfter: 7 }, 0],
    [{ kind: 'server-error' }, { code: 'slack_webapi_http_error', statusCode: 500 }, 0],
    [{ kind: 'reset' }, { code: 'slack_webapi_request_error' }, 0],
    [{ kind: 'malformed' }, { code: 'slack_webapi_platform_error' }, 0],
    [{ kind: 'accept-then-drop' }, { code: 'slack_webapi_request_error' }, 1],
    [{ kind: 'error', error: 'fatal_error' }, { data: { error: 'fatal_error' } }, 0],
  ] as const)('%o', async (fault, error, posted) => {
    const { workspace, client } = await workspaceWith();
    workspace.fail('chat.postMessage', fault, { after: 1, when: ({ text }) => text !== 'spared' });
    const post = (text: string) => client.chat.postMessage({ channel: 'C0GENERAL', text });
    await post('before');
    await post('spared');
    await expect(post('struck')).rejects.toMatchObject(error);
    await post('after');
    expect(workspace.messages('general')).toHaveLength(3 + posted);
    expect(workspace.calls.map((call) => call.status === 200)).toHaveLength(4);
  });

  it('a call hangs, is delayed, or is held until it is released', async () => {
    const { workspace, client } = await workspaceWith();
    const hasty = new WebClient(workspace.botToken, {
      slackApiUrl: workspace.apiUrl,
      retryConfig: { retries: 0 },
      timeout: 50,
    });
    workspace.fail('auth.test', { kind: 'hang' });
    await expect(hasty.auth.test()).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
    workspace.fail('auth.test', { kind: 'delay', ms: 20 });
    await expect(client.auth.test()).resolves.toMatchObject({ team_id: 'T0ACME', user_id: 'U0REGISTRAR' });
    const held = workspace.hold('chat.postMessage');
    const posting = client.chat.postMessage({ channel: 'C0GENERAL', text: 'x' });
    await held.reached;
    expect(workspace.messages('general')).toEqual([]);
    held.release();
    await posting;
    expect(workspace.messages('general')).toHaveLength(1);
  });
});

const step = (callback_id: string): View => ({
  type: 'modal',
  callback_id,
  title: plain('Step'),
  submit: plain('Next'),
  blocks: [{ type: 'section', text: plain(callback_id) }],
});

describe('deliveries', () => {
  it('a bad signature and a stale one are refused, a challenge is answered', async () => {
    const { workspace } = await workspaceWith();
    let url = '';
    const follow = workspace.deliverOver.bind(workspace);
    workspace.deliverOver = (way) => {
      url = way;
      follow(way);
    };
    await botOn(workspace, 'http');
    await workspace.command('dana', 'general', '/mine');
    const replayed = workspace.delivered.at(-1) ?? {};
    expect(await workspace.deliver(replayed)).toMatchObject({ ok: true });
    expect(await workspace.deliver(replayed, { secret: 'guessed' })).toMatchObject({ ok: false, status: 401 });
    const stale = { now: () => Date.now() - 301_000 };
    expect(await workspace.deliver(replayed, stale)).toMatchObject({ ok: false, status: 401 });
    expect(await workspace.verify(url)).toBe(true);
  });

  it('without a bot a command fails, and a requested reconnect is followed by a new connection', async () => {
    const { workspace } = await workspaceWith();
    expect(await workspace.command('dana', 'general', '/mine')).toMatchObject({ ok: false });
    // That one it was asked to leave the SDK notices by its ping.
    await botOn(workspace, 'socket', listen, 1_000);
    expect(workspace.connections).toBe(1);
    workspace.disconnect('refresh_requested');
    await workspace.until(() => workspace.connections === 0);
    await workspace.until(() => workspace.connections === 1);
    await workspace.person('dana').types('/mine again');
    expect(workspace.person('dana').whispers).toEqual(['You said again']);
  });

  it('a submission updates, pushes, clears; a click on an old screen still arrives', async () => {
    const { workspace, client } = await workspaceWith();
    const clicked: string[] = [];
    await botOn(workspace, 'socket', (app) => {
      app.command('/steps', async ({ ack, client: slack, body }) => {
        await ack();
        await slack.views.open({ trigger_id: body.trigger_id, view: step('one') });
      });
      app.view('one', async ({ ack }) => ack({ response_action: 'push', view: step('two') }));
      app.view('two', async ({ ack }) => ack({ response_action: 'update', view: step('three') }));
      app.view('three', async ({ ack }) => ack({ response_action: 'clear' }));
      app.action('old', async ({ ack, body }) => {
        await ack();
        clicked.push(body.user.id);
      });
    });
    const dana = workspace.person('dana');
    await dana.types('/steps');
    await workspace.until(() => workspace.views('dana').length === 1);
    await dana.submits();
    expect(workspace.views('dana').map((view) => view.callback_id)).toEqual(['one', 'two']);
    const before = dana.view.id;
    await dana.submits();
    expect([dana.view.callback_id, dana.view.id, dana.view.previous_view_id]).toEqual([
      'three',
      before,
      workspace.views('dana')[0]?.id,
    ]);
    expect(await dana.submits()).toEqual({ closed: true });

    const blocks = [
      { type: 'actions' as const, elements: [{ type: 'button' as const, action_id: 'old', text: plain('Old') }] },
    ];
    const { ts = '' } = await client.chat.postMessage({ channel: 'C0GENERAL', text: 'x', blocks });
    const shown = workspace.messages('general').find((message) => message.ts === ts);
    await client.chat.update({ channel: 'C0GENERAL', ts, text: 'done', blocks: [] });
    await dana.clicks('Old', { in: 'general', ...(shown && { on: shown }) });
    await workspace.until(() => clicked.length === 1);
    expect(workspace.protocolViolations).toEqual([]);
  });

  it('with two connections, nothing is lost when one closes', async () => {
    const { workspace } = await workspaceWith();
    await botOn(workspace, 'socket');
    await botOn(workspace, 'socket');
    expect(workspace.connections).toBe(2);
    workspace.disconnect('warning', 1);
    await workspace.until(() => workspace.connections === 1);
    for (const n of times(3, String)) await workspace.person('dana').types(`/mine ${n}`);
    expect(workspace.person('dana').whispers).toHaveLength(3);
  });

  it('invalid responses are violations: options, errors, bodies', async () => {
    const { workspace } = await workspaceWith();
    await botOn(workspace, 'socket', (app) => {
      listen(app);
      app.command('/bad', async ({ ack }) =>
        ack({ text: 'x', blocks: [Object.assign({ type: 'divider' as const }, { colour: 'red' })] }),
      );
      app.command('/many', async ({ ack, client, body }) => {
        await ack();
        const many = { type: 'multi_external_select' as const, action_id: 'many', min_query_length: 0 };
        const picker = { type: 'input' as const, optional: true, label: plain('Services'), element: many };
        const view = { ...modal, callback_id: 'many', blocks: [picker, ...modal.blocks.slice(1)] };
        await client.views.open({ trigger_id: body.trigger_id, view });
      });
      app.options('many', async ({ ack }) => ack({ options: times(101, (index) => option(index)) }));
      app.view('many', async ({ ack }) => ack({ response_action: 'errors', errors: { nowhere: 'No.' } }));
    });
    const dana = workspace.person('dana');
    await dana.types('/bad', { expectFailure: true });
    await dana.types('/many');
    await workspace.until(() => workspace.views('dana').length === 1);
    expect(await dana.searches('Services')).toEqual([]);
    await dana.fills('Reason', 'x'.repeat(21));
    expect(await dana.submits()).toEqual({ errors: { Reason: 'Must be at most 20 characters.' } });
    await dana.fills('Reason', 'x');
    expect(await dana.submits({ expectFailure: true })).toEqual({
      failed: 'We had some trouble connecting. Try again? (invalid_errors)',
    });
    expect(workspace.protocolViolations.map((violation) => violation.split(':')[0])).toEqual([
      'answered /bad badly',
      'bad options for many',
      'answered view_submission many badly',
    ]);
  });
});

it('a field sends its value at Enter; while typing, only where the block asks for it', async () => {
  const { workspace, client } = await workspaceWith();
  const field = (id: string, config: object = {}): KnownBlock => ({
    type: 'input',
    block_id: id,
    label: { type: 'plain_text', text: 'Search' },
    element: { type: 'plain_text_input', action_id: id, ...config },
    dispatch_action: true,
  });
  const typing = { dispatch_action_config: { trigger_actions_on: ['on_character_entered'] } };
  const { view } = await client.views.publish({
    user_id: 'U0DANA',
    view: { type: 'home', blocks: [field('enter'), field('typing', typing)] },
  });
  const told = () => JSON.stringify(workspace.delivered.map((payload) => payload.actions));
  const state = { type: 'plain_text_input', value: 'pay' };
  for (const id of ['enter', 'typing']) {
    await workspace.fill({ by: 'dana', view: view?.id ?? '', blockId: id, actionId: id, state, unfinished: true });
  }
  expect(told()).toMatch(/typing/);
  expect(told()).not.toMatch(/enter/);
  await workspace.fill({ by: 'dana', view: view?.id ?? '', blockId: 'enter', actionId: 'enter', state });
  expect(told()).toMatch(/enter/);
});

it('a command that the manifest does not declare is answered by Slack, and messages to the app are turned off', async () => {
  const { workspace } = await workspaceWith();
  const unknown = await workspace.command('dana', 'general', '/teleport me');
  expect(unknown).toEqual({ ok: false, error: expect.stringMatching(/^\/teleport is not a valid command\. In Slack/) });
  const off = { ok: false, error: 'Sending messages to Registrar has been turned off.' };
  const { id } = workspace.imWith('dana');
  expect(await workspace.say('dana', id, 'hello')).toEqual(off);
  expect(await workspace.command('dana', id, '/register')).toEqual(off);
  expect(workspace.delivered).toEqual([]);
  expect(workspace.directMessages('dana')).toEqual([]);
});

it('messages outlive a restart', async () => {
  const { workspace, client } = await workspaceWith();
  await client.chat.postMessage({ channel: 'C0GENERAL', text: 'kept' });
  await client.chat.postEphemeral({ channel: 'C0GENERAL', user: 'U0DANA', text: 'not kept' });
  await workspace.setGroup('S0PAYMENTS', ['U0ALEX']);
  const { workspace: later } = await workspaceWith({ saved: workspace.save() });
  expect(later.person('dana').sees('general')).toEqual(['kept']);
  expect(later.groups.get('S0PAYMENTS')?.users).toEqual(['U0ALEX']);
});

it('starting over forgets what was said, opened and called, and keeps people and connections', async () => {
  const { workspace, client } = await workspaceWith();
  await botOn(workspace, 'socket');
  const dana = workspace.person('dana');
  await dana.types('/register');
  await workspace.until(() => workspace.views(dana.id).length === 1);
  await dana.opensHome();
  await dana.finds(/Hello/, { in: 'home' });
  await client.chat.postMessage({ channel: dana.id, text: 'kept until then' });
  const trigger_id = String(workspace.delivered[0]?.trigger_id);
  const held = workspace.hold('auth.test');
  const call = client.auth.test();
  await held.reached;
  workspace.startOver();
  await call;
  expect([dana.told, dana.reads, dana.sees('home')]).toEqual([[], '', []]);
  expect(workspace.delivered).toEqual([]);
  await expect(client.views.open({ trigger_id, view: modal })).rejects.toThrow('invalid_trigger_id');
  expect(workspace.calls.map(({ method }) => method)).toEqual(['views.open']);
  expect(workspace.connections).toBe(1);
  await dana.types('/mine again');
  expect(dana.whispers).toEqual(['You said again']);
});

it('what is gone cannot be clicked', async () => {
  const { workspace, client } = await workspaceWith({ patience: 60 });
  const button = { type: 'button' as const, action_id: 'old', text: plain('Old') };
  const blocks = [{ type: 'actions' as const, elements: [button] }];
  const { ts = '' } = await client.chat.postMessage({ channel: 'C0GENERAL', text: 'x', blocks });
  await client.chat.update({ channel: 'C0GENERAL', ts, text: 'done', blocks: [] });
  const click = workspace.person('dana').clicks('Old', { in: 'general' });
  await expect(click).rejects.toThrow('nothing to click "Old"');
});

it('a wait that times out prints the whole transcript', async () => {
  const { workspace } = await workspaceWith();
  await workspace.say('sam', 'general', 'hello');
  const waiting = workspace.until(() => workspace.home('dana'), { within: 60, what: 'the Home of Dana' });
  await expect(waiting).rejects.toThrow(/the Home of Dana[\s\S]*#general\nsam: hello/);
});
