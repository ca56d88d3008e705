/** Access while things fail: in the end the gateway is what the database says, and until then people read that it is not. */
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { listPlannedChanges } from '../../../src/cli/access.ts';
import { runChecks } from '../../../src/cli/doctor/run-checks.ts';
import { openLocalGateway } from '../../local-gateway/local-gateway.ts';
import { openWebhookReceiver } from '../../local-gateway/webhook-receiver.ts';
import { environment } from '../../support/bot.ts';
import { eventually } from '../../support/eventually.ts';
import {
  approves,
  calls,
  card,
  catalogOf,
  getsKey,
  groupsBecome,
  groupsOf,
  inChannel,
  keyPattern,
  openGatewayScenario,
  readsKey,
  revokes,
} from '../../support/gateway.ts';
import { delivered, retriesSoon } from '../../support/outbox.ts';
import { kill, runReady } from '../../support/process.ts';
import { scrape } from '../../support/prometheus.ts';
import { openScenario } from '../../support/scenario.ts';
import { asks, people, requests } from '../../support/steps.ts';

describe('a removal that fails', () => {
  it('is told to the admin channel after five minutes, counted, and named by doctor, until it has worked', async () => {
    let now = new Date('2026-11-02T08:00:00Z');
    await using scenario = await openGatewayScenario({ now: () => now });
    await retriesSoon(scenario);
    const { alex } = people(scenario);
    await approves(scenario);
    await alex.finds(/Access open since/, inChannel);
    scenario.gateway.fail('*', { kind: 'server-error' }, { times: 100_000 });
    await revokes(scenario);
    await alex.finds(/Access still open at edge, since .*because it answers with an error/, inChannel);
    now = new Date('2026-11-02T08:04:00Z');
    await scenario.bot.runDueJobs();
    expect(alex.sees('api-requests').join()).not.toContain('no registration backs');
    now = new Date('2026-11-02T08:06:00Z');
    await scenario.bot.runDueJobs();
    await alex.finds(
      /Access still open at edge although no registration backs it[\s\S]*Shop: group payments/,
      inChannel,
    );
    const { value } = await scrape(scenario.bot.port);
    expect(value('registrar_access_unsettled', { gateway: 'edge', state: 'still_open' })).toBe(1);
    const lines: string[] = [];
    const env = environment(scenario.workspace, 'socket', {
      DATABASE_URL: scenario.database.url,
      CATALOG_FILE: scenario.catalogFile,
      GATEWAY_EDGE_TOKEN: scenario.gateway.token ?? '',
    });
    await runChecks(env, ({ level, about, what }) => lines.push(`${level} ${about}: ${what}`));
    expect(lines).toContainEqual(
      expect.stringMatching(/^FAIL access at edge: still open .*Shop \(payments, server-error\)/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^FAIL gateway edge: /));
    scenario.gateway.clearFaults();
    await groupsBecome(scenario, []);
    await eventually(
      'the card says nothing of it',
      async () => !alex.sees('api-requests').join().includes('open at edge, since'),
    );
    lines.length = 0;
    await runChecks(env, ({ level, about, what }) => lines.push(`${level} ${about}: ${what}`));
    expect(lines.filter((line) => line.includes('access at'))).toEqual([]);
    expect(lines).toContainEqual('ok gateway edge: version 2.8.5, answers, and can be written to.');
    expect(lines).toContainEqual(expect.stringMatching(/^warn gateway edge: no acl plugin allows search \(search\)/));
  });

  it('does not wait for the retry of the grant that failed before it, and holds up no card', async () => {
    await using scenario = await openGatewayScenario();
    const { alex } = people(scenario);
    await approves(scenario, 'Ledger API');
    await groupsBecome(scenario, ['ledger']);
    scenario.gateway.fail('*', { kind: 'server-error' }, { times: 100_000 });
    await approves(scenario);
    await alex.finds(/Payments API[\s\S]*Access on its way: edge/, inChannel);
    // As after many failures: the next try is far away.
    await eventually('it waits', async () => {
      const put = await scenario.database.sql`
        update outbox set run_at = now() + interval '1 hour' where kind = 'access' and not leased and retries > 0 returning id`;
      return put.length > 0;
    });
    scenario.gateway.clearFaults();
    await revokes(scenario, 'Ledger API');
    await groupsBecome(scenario, ['payments'], 15_000);
  });
});

it('a grant whose answer was lost counts as open when it is revoked, until its removal is confirmed', async () => {
  await using scenario = await openGatewayScenario();
  const { alex } = people(scenario);
  scenario.gateway.fail('PUT /consumers/:consumer/acls/:acl', { kind: 'accept-then-drop' });
  scenario.gateway.fail('*', { kind: 'server-error' }, { times: 10_000, after: 5 });
  await approves(scenario);
  await alex.finds(/Access on its way: edge/, inChannel);
  expect(await groupsOf(scenario)).toEqual(['payments']);
  await revokes(scenario);
  await alex.finds(/Access still open at edge, since/, inChannel);
  scenario.gateway.clearFaults();
  await groupsBecome(scenario, [], 15_000);
});

describe('keys', () => {
  it('only owners get them, and only while access is open', async () => {
    await using scenario = await openGatewayScenario();
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    // The message is looked at once more after it was posted.
    await delivered(scenario);
    await scenario.database.sql`update application_owners set user_id = 'U0LEE'`;
    await dana.clicks('Get key');
    await dana.finds(/Only owners of this application can get its keys/, { in: 'whispered' });
    await scenario.database.sql`update application_owners set user_id = ${dana.id}`;
    // The message is not updated yet, and still has its button.
    const { workspace } = scenario;
    const held = workspace.hold('chat.update', ({ channel }) => channel === workspace.imWith(dana.id).id);
    await revokes(scenario);
    await groupsBecome(scenario, []);
    await held.reached;
    await dana.clicks('Get key', { in: 'messages' });
    await dana.finds(/Access is not open/, { in: 'whispered' });
    held.release();
    await delivered(scenario);
    expect(scenario.gateway.store.keys.size).toBe(0);
  });

  it('of an owner who leaves are to be renewed by the others', async () => {
    await using scenario = await openGatewayScenario();
    const { dana, sam } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await dana.opensHome();
    await dana.clicks('Co-owners', { in: 'home', on: /Shop/ });
    await dana.picks('Co-owners', 'sam');
    await dana.submits();
    await sam.finds(/made you an owner/);
    await dana.clicks('Leave', { in: 'home', on: /Shop/ });
    await dana.submits();
    await sam.finds(
      new RegExp(`@dana, who made the key that ends in ${key.slice(-4)}, no longer owns this application[\\s\\S]*Shop`),
    );
    expect(calls(scenario, key)).toBe(200);
  });

  it.each(['server-error', 'reset', 'accept-then-drop', 'malformed'] as const)(
    'the gateway fails (%s): no key is shown, and none is left',
    async (kind) => {
      await using scenario = await openGatewayScenario();
      const { dana } = people(scenario);
      await approves(scenario);
      await dana.finds(/Get key/);
      scenario.gateway.fail('PUT /consumers/:consumer/key-auth/:key', { kind });
      await dana.clicks('Get key');
      await dana.finds(/No key was made at edge/, { in: 'modal' });
      await delivered(scenario);
      expect(scenario.gateway.store.keys.size).toBe(0);
      const kept = await scenario.database.sql`select gone from application_keys`;
      expect([...kept]).toEqual([{ gone: true }]);
      expect([...(await scenario.database.sql`select from access_history where action like 'key%'`)]).toEqual([]);
    },
  );

  it('the modal cannot be shown: the key is removed again, and who asked for it reads so', async () => {
    await using scenario = await openGatewayScenario();
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    scenario.workspace.fail('views.update', { kind: 'error', error: 'not_found' }, { times: 3 });
    await dana.clicks('Get key');
    await eventually('the gateway had it', async () =>
      scenario.gateway.exchanges.some(({ name }) => name.startsWith('PUT /consumers/:consumer/key-auth')),
    );
    await eventually('and has it no longer', async () => scenario.gateway.store.keys.size === 0);
    await dana.finds(/couldn’t be shown/, { in: 'whispered' });
    await delivered(scenario);
    expect([...(await scenario.database.sql`select from access_history where action like 'key%'`)]).toEqual([]);
  });

  it('there is none, and the modal that would say why is closed: it is said elsewhere', async () => {
    await using scenario = await openGatewayScenario();
    const { gateway, workspace, database } = scenario;
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const closed = {
      times: Number.POSITIVE_INFINITY,
      when: ({ view }: Record<string, unknown>) => !/Making a key/.test(JSON.stringify(view)),
    };
    const staged = workspace.fail('views.update', { kind: 'error', error: 'not_found' }, closed);
    gateway.fail('PUT /consumers/:consumer/key-auth/:key', { kind: 'server-error' });
    await dana.clicks('Get key');
    await dana.finds(/No key was made at edge/, { in: 'whispered' });
    staged.end();
    await dana.closes();
    await delivered(scenario);
    await getsKey(dana);
    await dana.finds(/was made by/);
    await dana.clicks('Get key');
    await dana.finds(/New key/, { in: 'modal' });
    await database.sql`
      insert into application_keys (id, application_id, gateway, last_four, made_by, made_at, shown)
      select gen_random_uuid(), application_id, gateway, 'abcd', made_by, now(), true from application_keys where shown`;
    workspace.fail('views.update', { kind: 'error', error: 'not_found' }, closed);
    await dana.clicks('New key', { in: 'modal' });
    await dana.finds(/has two keys already/, { in: 'modal' });
  });

  it('are nowhere but in the one modal: not in the database, the outbox, the log, the metrics, the audit, or Slack', async () => {
    const logged: string[] = [];
    const sink = new Writable({
      write(chunk, _, done) {
        logged.push(String(chunk));
        done();
      },
    });
    const shown: string[] = [];
    await using scenario = await openGatewayScenario({
      log: pino({ level: 'trace' }, sink),
      env: { LOG_LEVEL: 'trace' },
    });
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    scenario.gateway.fail('PUT /consumers/:consumer/key-auth/:key', { kind: 'accept-then-drop' });
    await dana.clicks('Get key');
    await dana.finds(/No key was made/, { in: 'modal' });
    await dana.closes();
    const key = await getsKey(dana);
    await dana.clicks('Get key', { on: /access is open/ });
    await dana.clicks('New key', { in: 'modal' });
    const second = await readsKey(dana);
    await delivered(scenario);
    const sent = scenario.gateway.exchanges.flatMap(
      ({ body }) => keyPattern.exec(JSON.stringify(body ?? ''))?.[0] ?? [],
    );
    const keys = new Set([key, second, ...sent]);
    expect(keys.size).toBe(3);

    const { sql } = scenario.database;
    const tables = await sql`select table_name from information_schema.tables where table_schema = 'public'`;
    for (const { table_name: table } of tables)
      shown.push(JSON.stringify(await sql`select to_jsonb(t) as row from ${sql(table)} t`));
    shown.push(...logged, await (await fetch(`http://127.0.0.1:${scenario.bot.port}/metrics`)).text());
    const calls = scenario.workspace.calls.map(({ method, args }) => ({ method, text: JSON.stringify(args) }));
    const carrying = calls.filter(({ text }) => [...keys].some((one) => text.includes(one)));
    expect(new Set(carrying.map(({ method }) => method))).toEqual(new Set(['views.update']));
    expect(carrying).toHaveLength(2);
    shown.push(...calls.filter((call) => !carrying.includes(call)).map(({ text }) => text));
    for (const { id } of scenario.workspace.members.values())
      shown.push(JSON.stringify([scenario.workspace.directMessages(id), scenario.workspace.home(id) ?? '']));
    expect(logged.join()).toContain('key was not made');
    for (const one of keys) expect(shown.filter((text) => text.includes(one))).toEqual([]);
  });
});

it('a token that the gateway does not accept is told to the admin channel at once, and what waits follows the right one', async () => {
  await using scenario = await openGatewayScenario({ env: { GATEWAY_EDGE_TOKEN: 'wrong' } });
  const { alex } = people(scenario);
  await approves(scenario);
  await alex.finds(/cannot set access at the gateway `edge`: it does not accept the token\. Set its token/, inChannel);
  await scenario.bot.stop();
  await scenario.startAnother({ GATEWAY_EDGE_TOKEN: scenario.gateway.token ?? '' });
  await scenario.database.sql`update outbox set run_at = now() where kind = 'access'`;
  await groupsBecome(scenario, ['payments'], 30_000);
  await delivered(scenario);
});

describe('a webhook', () => {
  const catalog = (url: string) => `services:
  - { slug: payments, name: Payments API, access: { gateway: hooks, group: payments } }
gateways:
  - { name: hooks, kind: webhook, url: "${url}" }
`;

  it('only notes an end and never carries it out: the admin channel is told after five minutes', async () => {
    await using receiver = await openWebhookReceiver();
    let now = new Date('2026-11-02T08:00:00Z');
    await using scenario = await openScenario({
      catalog: catalog(receiver.url),
      env: { GATEWAY_HOOKS_TOKEN: receiver.secret },
      now: () => now,
    });
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await alex.clicks('Approve', card('Payments API'));
    await alex.finds(/Access open since/, inChannel);
    receiver.answers.push(...Array.from({ length: 1_000 }, () => 202));
    await alex.clicks('Revoke', card('Payments API'));
    await alex.fills('Reason', 'The audit found something');
    await alex.submits();
    await alex.finds(/Access still open at hooks, since .*It is being taken away/, inChannel);
    await eventually('it is noted', async () => {
      const noted = await scenario.database.sql`select from application_access where failing_since is not null`;
      return noted.length > 0;
    });
    now = new Date('2026-11-02T08:04:00Z');
    await scenario.bot.runDueJobs();
    expect(alex.sees('api-requests').join()).not.toContain('no registration backs');
    now = new Date('2026-11-02T08:06:00Z');
    await scenario.bot.runDueJobs();
    await alex.finds(
      /Access still open at hooks although no registration backs it[\s\S]*Shop: group payments/,
      inChannel,
    );
  });

  it('is told of a grant until it is done, and of its end; what it refuses is told to the admin channel', async () => {
    await using receiver = await openWebhookReceiver();
    await using scenario = await openScenario({
      catalog: catalog(receiver.url),
      env: { GATEWAY_HOOKS_TOKEN: receiver.secret },
    });
    const { dana, alex } = people(scenario);
    receiver.answers.push(202);
    await requests(dana, alex);
    await alex.clicks('Approve', card('Payments API'));
    await alex.finds(/Access on its way/, inChannel);
    await dana.finds(/It is on its way/);
    await scenario.database.sql`update outbox set run_at = now() where kind = 'access'`;
    await dana.finds(/Access is open\.[\s\S]*Payments API/);
    receiver.answers.push(...Array.from({ length: 1_000 }, () => 422));
    await alex.clicks('Revoke', card('Payments API'));
    await alex.fills('Reason', 'The audit found something');
    await alex.submits();
    await alex.finds(/cannot set access at the gateway `hooks`: it does not accept the group/, inChannel);
    await alex.finds(/Access still open at hooks, since/, inChannel);
    receiver.answers.length = 0;
    await scenario.database.sql`update outbox set run_at = now() where kind = 'access'`;
    await delivered(scenario);
    expect(alex.sees('api-requests').join()).not.toContain('still open');
    const { deliveries } = receiver;
    expect(deliveries.every(({ verified }) => verified)).toBe(true);
    expect(deliveries.length).toBeGreaterThanOrEqual(4);
    // What is tried again has the id of before.
    expect(new Set(deliveries.map(({ type, id }) => `${type} ${id}`))).toEqual(
      new Set([`access.grant ${deliveries[0]?.id}`, `access.revoke ${deliveries.at(-1)?.id}`]),
    );
    expect(deliveries.at(-1)?.id).not.toBe(deliveries[0]?.id);
    expect(deliveries[0]?.payload).toMatchObject({
      data: { application: { name: 'Shop', owners: [dana.id] }, service: { slug: 'payments' }, group: 'payments' },
    });
  });
});

it('a gateway that hangs holds up no other gateway and no card', async () => {
  await using hanging = await openLocalGateway();
  await using working = await openLocalGateway();
  const catalog = `services:
  - { slug: slow, name: Slow API, approval: auto, access: { gateway: edge, group: slow } }
  - { slug: quick, name: Quick API, approval: auto, access: { gateway: west, group: quick } }
gateways:
  - { name: edge, kind: kong, url: "${hanging.url}" }
  - { name: west, kind: kong, url: "${working.url}" }
`;
  const env = { GATEWAY_EDGE_TOKEN: hanging.token ?? '', GATEWAY_WEST_TOKEN: working.token ?? '' };
  await using scenario = await openScenario({ catalog, env });
  const { dana, alex } = people(scenario);
  hanging.fail('*', { kind: 'hang' }, { times: 10_000 });
  // More than its workers take at a time.
  for (const application of ['One', 'Two', 'Three', 'Four', 'Five', 'Six']) {
    await asks(dana, ['Slow API'], application);
    await dana.closes();
  }
  await eventually('its workers are taken', async () => hanging.exchanges.length >= 3);
  await asks(dana, ['Quick API'], 'One');
  const open = async () => [...working.store.acls.values()].some(({ group }) => group === 'quick');
  await eventually('the other one has granted', open, 9_000);
  await alex.finds(/Quick API[\s\S]*Access open since/, inChannel);
  hanging.clearFaults();
});

describe('a process that is killed', () => {
  const deaths = {
    'after the gateway has written, before it is known here': [
      'PUT /consumers/:consumer/acls/:acl',
      'DELETE /consumers/:consumer/acls/:acl',
    ],
    'after it is known here what is wanted, before the gateway was asked': ['GET /consumers', 'GET /consumers'],
  } as const;

  it.each(Object.entries(deaths))('%s: the next one ends with what the database says', async (_, [grant, removal]) => {
    await using scenario = await openGatewayScenario({ bots: 0 });
    const { workspace, gateway, database } = scenario;
    const token = { GATEWAY_EDGE_TOKEN: gateway.token ?? '' };
    const more = { DATABASE_URL: database.url, CATALOG_FILE: scenario.catalogFile, ...token };
    const { dana, alex } = people(scenario);

    /** Has a process do something, kills it while it asks the gateway, and starts the next one. */
    async function dies(name: string, act: () => Promise<unknown>) {
      const one = await runReady(environment(workspace, 'socket', more));
      const held = gateway.hold(name);
      await act();
      await held.reached;
      await kill(one);
      // What was on its way arrives; the process that would learn of it is dead.
      held.release();
      const next = await scenario.startAnother(token);
      await delivered(scenario, 60_000);
      await next.stop();
    }
    const known = async () => [...(await database.sql`select wanted, open from application_access`)];
    const recorded = async () => [...(await database.sql`select action from access_history order by version`)];

    await dies(grant, async () => {
      await requests(dana, alex);
      await alex.clicks('Approve', card('Payments API'));
    });
    expect(await groupsOf(scenario)).toEqual(['payments']);
    expect([gateway.store.consumers.size, gateway.store.acls.size]).toEqual([1, 1]);
    expect(await known()).toEqual([{ wanted: true, open: true }]);
    expect(await recorded()).toEqual([{ action: 'granted' }]);
    await dies(removal, () => revokes(scenario));
    expect(await groupsOf(scenario)).toEqual([]);
    expect(await known()).toEqual([{ wanted: false, open: false }]);
    expect(await recorded()).toEqual([{ action: 'granted' }, { action: 'removed' }]);
  });

  it.each([
    ['a key is on its way to the gateway', 'PUT /consumers/:consumer/key-auth/:key'],
    ['its modal is on its way', 'views.update'],
  ])('while %s: the key is removed, and who asked for it is told', async (_, call) => {
    await using scenario = await openGatewayScenario({ bots: 0, reconcileAt: '* * * * * *' });
    const { workspace, gateway, database } = scenario;
    const more = {
      DATABASE_URL: database.url,
      CATALOG_FILE: scenario.catalogFile,
      GATEWAY_EDGE_TOKEN: gateway.token ?? '',
    };
    const first = await runReady(environment(workspace, 'socket', more));
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const held = call === 'views.update' ? workspace.hold(call) : gateway.hold(call);
    const click = dana.clicks('Get key');
    await held.reached;
    await kill(first);
    held.release();
    await click.catch(() => undefined);
    await eventually('the gateway has it', async () => gateway.store.keys.size === 1);
    await database.sql`update application_keys set made_at = made_at - interval '1 hour'`;
    await scenario.startAnother({ GATEWAY_EDGE_TOKEN: gateway.token ?? '' });
    await eventually('and has it no longer', async () => gateway.store.keys.size === 0, 30_000);
    await dana.finds(/The key that ends in .* is gone at the gateway\. Get a new key/);
    expect([...(await database.sql`select from access_history where action like 'key%'`)]).toEqual([]);
  });
});

it('a plan says who would be granted what, and the next start does it', async () => {
  await using scenario = await openGatewayScenario();
  const { dana } = people(scenario);
  const { writeFile } = await import('node:fs/promises');
  const whole = catalogOf(scenario.gateway);
  await writeFile(scenario.catalogFile, whole.replaceAll(/, access: \{[^}]*\}/g, ''));
  await scenario.startAnother({ GATEWAY_EDGE_TOKEN: scenario.gateway.token ?? '' });
  await asks(dana, ['Search API'], 'Shop');
  await dana.finds(/can now use/);
  await delivered(scenario);
  expect(await groupsOf(scenario)).toBeUndefined();
  await writeFile(scenario.catalogFile, whole);
  const env = { DATABASE_URL: scenario.database.url, CATALOG_FILE: scenario.catalogFile };
  expect(await listPlannedChanges(['--plan'], env)).toBe(
    'grant   edge  search  "Shop"  (search)\n1 to grant, 0 to take away.',
  );
  expect(await groupsOf(scenario)).toBeUndefined();
  await scenario.startAnother({ GATEWAY_EDGE_TOKEN: scenario.gateway.token ?? '' });
  await groupsBecome(scenario, ['search']);
  await delivered(scenario);
  expect(await listPlannedChanges(['--plan'], env)).toMatch(/^Nothing/);
  await writeFile(scenario.catalogFile, whole.replaceAll(/, access: \{[^}]*\}/g, ''));
  expect(await listPlannedChanges(['--plan'], env)).toContain('remove  edge  search  "Shop"');
  await scenario.startAnother({ GATEWAY_EDGE_TOKEN: scenario.gateway.token ?? '' });
  await groupsBecome(scenario, []);
  expect(await readFile(scenario.catalogFile, 'utf8')).toBeDefined();
});
