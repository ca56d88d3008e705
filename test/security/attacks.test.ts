/** Attacks: what Slack would never send, or not again, or not for this person, changes nothing and breaks nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Payload } from '../local-slack/delivery/envelope.ts';
import { signature } from '../local-slack/delivery/http.ts';
import { seed } from '../local-slack/seed.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await openScenario({ mode: 'http', seed: seed({ commands: ['/teleport'] }) });
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** Everything that is kept about requests; but not how far their cards are drawn. */
const kept = async () => {
  const [row] = await scenario.database.sql`
    select (select json_agg(to_jsonb(r) - '{card_channel,card_ts,card_version}'::text[] order by id) from registrations r) registrations,
      (select json_agg(a order by id) from applications a) applications,
      (select json_agg(o order by user_id, application_id) from application_owners o) owners,
      (select json_agg(s order by id) from services s) services,
      (select json_agg(h order by registration_id, version) from history h) history`;
  return JSON.stringify(row);
};

/** The newest payload of a type that a bot was handed. */
function delivered(type: string): Payload {
  const found = scenario.workspace.delivered.findLast((payload) => payload.type === type);
  if (!found) throw new Error(`nothing of type ${type} was delivered`);
  return structuredClone(found);
}

const large = 'x'.repeat(10_000_000);

const unknown = 'That no longer exists, and nothing was changed.';

describe('what this version does not know', () => {
  beforeAll(async () => {
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Known');
    await alex.clicks('History', { in: 'api-requests' });
    await alex.closes();
    await dana.finds(/You sent a request/);
  });

  it.each(['teleport', '__proto__', 'constructor', ''])(
    'a button called “%s” is acknowledged, and the user who pressed it gets a response',
    async (action_id) => {
      const { alex } = people(scenario);
      const before = await kept();
      const told = alex.whispers.length + alex.told.length;
      const click = delivered('block_actions');
      const [action] = Object(click.actions);
      expect(await scenario.workspace.deliver({ ...click, actions: [{ ...action, action_id }] })).toMatchObject({
        ok: true,
      });
      await scenario.workspace.until(() => alex.whispers.length + alex.told.length > told);
      expect([...alex.whispers, ...alex.told].join()).toContain(unknown);
      expect(await kept()).toBe(before);
    },
  );

  it('a form says so, a picker is empty, a command gets a response, and anything else is acknowledged', async () => {
    const { workspace } = scenario;
    const { dana } = people(scenario);
    const form = delivered('view_submission');
    const view = { ...Object(form.view), callback_id: 'teleport' };
    expect(JSON.stringify(await workspace.deliver({ ...form, view }))).toContain(unknown);
    const asked = { ...delivered('block_suggestion'), action_id: 'teleport' };
    expect(await workspace.deliver(asked)).toEqual({ ok: true, body: { options: [] } });
    await dana.types('/teleport');
    await dana.finds(new RegExp(unknown), { in: 'whispered' });
    const { user, team } = form;
    for (const type of ['shortcut', 'message_action', 'view_closed', 'something_new', '__proto__']) {
      expect(await workspace.deliver({ type, user, team, view, callback_id: 'teleport' })).toEqual({ ok: true });
    }
  });
});

describe('what Slack did not sign, or not recently', () => {
  const body = 'command=%2Fregistrations&user_id=U0DANA&team_id=T0ACME';
  const minutes = (count: number) => () => Date.now() + count * 60_000;
  const signed = (text: string, now: () => number = Date.now, secret = scenario.workspace.signingSecret) =>
    signature({ secret, now }, text);

  it.each<[string, number, () => { body?: string; headers?: Record<string, string> }]>([
    ['nothing of it', 401, () => ({})],
    ['with another secret', 401, () => ({ headers: signed(body, Date.now, 'another-secret') })],
    ['six minutes ago', 401, () => ({ headers: signed(body, minutes(-6)) })],
    ['in six minutes', 401, () => ({ headers: signed(body, minutes(6)) })],
    ['another body', 401, () => ({ headers: signed(`${body}&text=x`) })],
    ['no time', 401, () => ({ headers: { ...signed(body), 'x-slack-request-timestamp': 'now' } })],
    ['ten megabytes that are signed', 413, () => ({ body: large, headers: signed(large) })],
    ['ten megabytes that are not', 401, () => ({ body: large, headers: {} })],
    ['nonsense', 400, () => ({ body: '{', headers: { ...signed('{'), 'content-type': 'application/json' } })],
    ['a picture', 400, () => ({ headers: { ...signed(body), 'content-type': 'image/png' } })],
  ])('%s, is refused with %i and reaches no feature', async (_, status, forged) => {
    const { workspace, bot } = scenario;
    const before = await kept();
    const calls = workspace.calls.length;
    const { body: text = body, headers = {} } = forged();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const url = `http://127.0.0.1:${bot.port}/slack/events`;
    const response = await fetch(url, { method: 'POST', body: text, headers: { ...type, ...headers } });
    expect(response.status).toBe(status);
    expect(await kept()).toBe(before);
    expect(workspace.calls.slice(calls).filter(({ method }) => method !== 'chat.update')).toEqual([]);
  });
});

describe('what was replayed or forged', () => {
  it('a replayed click decides nothing twice, and is told who decided', async () => {
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Captured');
    await alex.finds(/for Captured/, { in: 'api-requests' });
    await alex.clicks('Approve', { in: 'api-requests', on: /Captured/ });
    const click = delivered('block_actions');
    await dana.finds(/Approved by @alex[\s\S]*Captured/);
    const before = await kept();
    const told = alex.whispers.length;
    await workspace.deliver(click);
    await workspace.until(() => alex.whispers.length > told);
    expect(alex.whispers.at(-1)).toMatch(/already approved by @alex.*Nothing was changed/);
    expect(await kept()).toBe(before);
  });

  it('a forged registration, version or form does nothing', async () => {
    const { workspace } = scenario;
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex, 'Ledger API', 'Made up');
    await priya.finds(/for Made up/, { in: 'api-requests' });
    await priya.clicks('Reject', { in: 'api-requests', on: /Made up/ });
    await priya.fills('Reason', 'Because');
    await priya.submits();
    await dana.finds(/Rejected by @priya/);
    const click = delivered('block_actions');
    const form = delivered('view_submission');
    const [action] = Object(click.actions);
    const before = await kept();
    const [publicId] = /^[0-9a-f-]{36}/.exec(action.value) ?? [];
    const made = [
      `${crypto.randomUUID()}@1`,
      `${publicId}@0`,
      `${publicId}@-1`,
      `${publicId}@1.0`,
      `${publicId?.toUpperCase()}@1`,
      `${publicId}`,
      '0@1',
      '-1@1',
      '1@-1',
      '1@0',
      '1.5@1',
      '1@1.0',
      '1e3@1',
      '01@1',
      '9007199254740993@1',
      '1@99999999999',
    ];
    for (const value of [...made, '__proto__@1', 'constructor', '1@1@1', ' 1@1', '\u0661@1', 'x'.repeat(2_000)]) {
      for (const action_id of ['approve', 'reject', 'revoke', 'reinstate', 'history', 'more']) {
        const selected_option = { value: `delete:${value}` };
        const actions = [
          { ...action, action_id, type: action_id === 'more' ? 'overflow' : 'button', value, selected_option },
        ];
        expect(await workspace.deliver({ ...click, actions })).toMatchObject({ ok: true });
      }
      const view = { ...Object(form.view), private_metadata: value };
      expect(JSON.stringify(await workspace.deliver({ ...form, view }))).toContain('no longer exists');
    }
    expect(await kept()).toBe(before);
  });
});

it('no text from users pings, links or formats, wherever it is shown', async () => {
  const { workspace } = scenario;
  const { dana, alex, priya } = people(scenario);
  const nasty = '<!channel> <@U0LEE> <https://evil.example|Sign in> <!subteam^S0PAYMENTS> &amp;';
  const since = workspace.calls.length;
  await dana.types(`/register ${nasty}`);
  await dana.finds(/no service called/, { in: 'modal' });
  await dana.closes();
  await asks(dana, ['Payments API', 'Ledger API'], nasty.slice(0, 40), `Why: ${nasty}`);
  await dana.closes();
  await alex.opensHome();
  await alex.finds(/Why: <!channel>/, { in: 'home' });
  await alex.finds(/Ledger API[\s\S]*Why: <!channel>/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Payments API[\s\S]*Why: <!channel>/ });
  await dana.finds(/Approved by @alex\n.*\n.*<!channel>/);
  await priya.clicks('Reject', { in: 'api-requests', on: /Ledger API[\s\S]*Why: <!channel>/ });
  await priya.fills('Reason', `No: ${nasty}`);
  await priya.submits();
  await dana.finds(/No: <!channel>/);
  await alex.clicks('History', { in: 'api-requests', on: /No: <!channel>/ });
  await alex.finds(/No: <!channel>/, { in: 'modal' });
  await alex.closes();
  await dana.types('/registrations');
  await dana.finds(/<!channel>/, { in: 'whispered' });
  await dana.opensHome();
  await dana.finds(/<!channel>/, { in: 'home' });

  const calls = workspace.calls.slice(since);
  for (const method of ['chat.postMessage', 'chat.update', 'views.open', 'views.publish']) {
    expect(calls.map((call) => call.method)).toContain(method);
  }
  const read: string[] = calls.flatMap(({ args }) => (typeof args.text === 'string' ? [args.text] : []));
  JSON.stringify(
    calls.map(({ args }) => args),
    (_, value) => {
      if (value?.type === 'mrkdwn') read.push(value.text);
      // What is typed as an address is a link to just that; one under another text would be forged.
      if (value?.type === 'link' && value.text !== undefined && value.text !== value.url) read.push(`<${value.url}>`);
      if (value?.type === 'user') read.push(`<@${value.user_id}>`);
      if (value?.type === 'broadcast') read.push('<!channel>');
      return value;
    },
  );
  expect(read.length).toBeGreaterThan(10);
  expect(read.filter((text) => /<!channel|<@U0LEE|<https:\/\/evil|<!subteam\^S0PAYMENTS/.test(text))).toEqual([]);
});
