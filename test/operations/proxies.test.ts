/**
 * A network whose only way out is a proxy: Slack's address is not known there, and its certificate is the company's own. The
 * bot and doctor run as operators run them, with HTTPS_PROXY, HTTP_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS; gateways and webhooks
 * are out there as well.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import { openWebhookReceiver, type WebhookReceiver } from '../local-gateway/webhook-receiver.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type ForwardProxy, openForwardProxy } from '../support/forward-proxy.ts';
import { bare, kill, run, runReady } from '../support/process.ts';
import { asks } from '../support/steps.ts';
import { certificateFile, openTlsFront } from '../support/tls-front.ts';

const login = 'registrar:hunter2';

let workspace: Workspace;
let database: TestDatabase;
let kong: LocalGateway;
let plain: LocalGateway;
let hook: WebhookReceiver;
let proxy: ForwardProxy;
let folder: string;
let closing: AsyncDisposableStack;

const catalog = `services:
  - { slug: payments, name: Payments API, access: { gateway: edge, group: payments } }
  - { slug: ledger, name: Ledger API, access: { gateway: legacy, group: ledger } }
  - { slug: search, name: Search API, access: { gateway: hooks, group: search } }
gateways:
  - { name: edge, kind: kong, url: "https://kong.test" }
  - { name: legacy, kind: kong, url: "http://plain.test", allowHttp: plain.test }
  - { name: hooks, kind: webhook, url: "https://hook.test/hook" }
`;
beforeAll(async () => {
  workspace = await openWorkspace({ publicUrl: 'https://slack.test' });
  database = await createDatabase();
  kong = await openLocalGateway({});
  plain = await openLocalGateway({});
  hook = await openWebhookReceiver();
  const port = ({ url }: { url: string }) => Number(new URL(url).port);
  const fronts = await Promise.all([workspace, kong, hook].map((one) => openTlsFront(port(one))));
  const [slackFront, kongFront, hookFront] = fronts.map((front) => front.port);
  proxy = await openForwardProxy(
    {
      'slack.test:443': slackFront ?? 0,
      'kong.test:443': kongFront ?? 0,
      'hook.test:443': hookFront ?? 0,
      'plain.test:80': port(plain),
    },
    login,
  );
  folder = await mkdtemp(join(tmpdir(), 'registrar-proxies-'));
  await writeFile(join(folder, 'catalog.yaml'), catalog);
  closing = new AsyncDisposableStack();
  for (const one of [database, workspace, hook, plain, kong, ...fronts, proxy]) closing.use(one);
  closing.defer(() => rm(folder, { recursive: true }));
});
afterAll(() => closing.disposeAsync());

const env = (more: Record<string, string> = {}) =>
  environment(workspace, 'socket', {
    DATABASE_URL: database.url,
    SLACK_API_URL: 'https://slack.test/api/',
    NODE_EXTRA_CA_CERTS: certificateFile,
    HTTPS_PROXY: `http://${login}@127.0.0.1:${proxy.port}`,
    HTTP_PROXY: `http://${login}@127.0.0.1:${proxy.port}`,
    CATALOG_FILE: join(folder, 'catalog.yaml'),
    GATEWAY_EDGE_TOKEN: kong.token ?? '',
    GATEWAY_LEGACY_TOKEN: plain.token ?? '',
    GATEWAY_HOOKS_TOKEN: hook.secret,
    ...more,
  });

/** The lines of `npm run doctor` that are about Slack. */
async function doctor(env: Record<string, string>): Promise<string> {
  const program = fileURLToPath(new URL('../../src/cli/doctor.ts', import.meta.url));
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, [program], { env: { ...bare, ...env } }, (_, out) => resolve(out));
  return promise;
}

/** A request for each gateway is approved, and is let through there. */
async function grantsEverywhere(application: string): Promise<void> {
  const [dana, alex] = [workspace.person('dana'), workspace.person('alex')];
  const services = ['Payments API', 'Ledger API', 'Search API'];
  await asks(dana, services, application);
  await dana.closes();
  for (const service of services) {
    await alex.finds(new RegExp(`${service} for ${application}`), { in: 'api-requests' });
    await alex.clicks('Approve', { in: 'api-requests', on: new RegExp(`${service} for ${application}`) });
  }
  const [row] = await database.sql`select public_id from applications where name = ${application}`;
  const consumer = `registrar-${row?.public_id}`;
  const granted = () =>
    hook.deliveries.some(({ payload, verified }) => verified && JSON.stringify(payload).includes(row?.public_id));
  await eventually(
    'all gateways let it through',
    async () => [kong, plain].every((gateway) => gateway.groupsOf(consumer)?.length === 1) && granted(),
  );
}

describe('through a proxy that asks for a password', () => {
  it('go the Web API, response URLs, Socket Mode, gateways and webhooks, and doctor finds all well', async () => {
    const program = await runReady(env());
    await workspace.until(() => workspace.connections === 2);
    const dana = workspace.person('dana');
    await dana.types('/registrations');
    await dana.finds(/You have no applications yet/, { in: 'whispered' });
    await grantsEverywhere('Shop');
    await kill(program);
    const said = await doctor(env());
    expect(said).toMatch(/ok {4}token: .*\n(.*\n)*ok {4}mode: Socket Mode/);
    for (const gateway of ['edge', 'legacy', 'hooks'])
      expect(said).toMatch(new RegExp(`^ok {4}gateway ${gateway}: `, 'm'));
    expect([...new Set(proxy.tunnels)].sort()).toEqual([
      'hook.test:443',
      'kong.test:443',
      'plain.test:80',
      'slack.test:443',
    ]);
    expect(program.lines.join('\n')).not.toContain('hunter2');
  });

  it('nothing goes without it, and doctor and the log say what the proxy said', async () => {
    const wrong = env({ HTTPS_PROXY: `http://registrar:hunter3@127.0.0.1:${proxy.port}` });
    const found = await doctor(wrong);
    expect(found).toMatch(/FAIL {2}token: Slack does not answer \(ERR_PROXY_TUNNEL\).*HTTPS_PROXY/);
    for (const gateway of ['edge', 'hooks'])
      expect(found).toMatch(new RegExp(`FAIL {2}gateway ${gateway}: .*ERR_PROXY_TUNNEL.*The proxy in HTTPS_PROXY`));
    const program = run({ ...wrong, LOG_LEVEL: 'info' });
    expect(await program.says(/Slack.*will retry|not there yet/)).toContain('407');
    await kill(program);
    expect(program.lines.join('\n')).not.toContain('hunter3');
  });
});

it('an address in NO_PROXY is reached without it', async () => {
  const before = proxy.tunnels.length;
  const found = await doctor(env({ NO_PROXY: 'example.com,.test' }));
  expect(found).toMatch(/FAIL {2}token: .*\(E(NOTFOUND|AI_AGAIN)\)/);
  for (const gateway of ['edge', 'legacy', 'hooks'])
    expect(found).toMatch(new RegExp(`FAIL {2}gateway ${gateway}: .*E(NOTFOUND|AI_AGAIN)`));
  expect(proxy.tunnels).toHaveLength(before);
});

it('a certificate that is not in NODE_EXTRA_CA_CERTS is not trusted, and doctor says so', async () => {
  const { NODE_EXTRA_CA_CERTS: _, ...without } = env();
  const found = await doctor(without);
  expect(found).toMatch(/FAIL {2}token: .*\((DEPTH_ZERO_)?SELF_SIGNED_CERT\w*\).*NODE_EXTRA_CA_CERTS/);
  expect(found).toMatch(/FAIL {2}gateway edge: .*SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/);
});

/** A port that was free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

const hasTinyproxy = spawnSync('tinyproxy', ['-v']).status === 0;

describe.skipIf(!hasTinyproxy)(`through tinyproxy${hasTinyproxy ? '' : ' (skipped: it is not installed)'}`, () => {
  it('what people do is answered, and gateways and webhooks are reached', async () => {
    // It finds the hosts by asking our own proxy.
    const port = await freePort();
    const file = join(folder, 'tinyproxy.conf');
    const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 600', 'ConnectPort 443'];
    lines.push('BasicAuth registrar hunter2', `Upstream http ${login}@127.0.0.1:${proxy.port} ".test"`);
    await writeFile(file, `${lines.join('\n')}\n`);
    const tinyproxy = spawn('tinyproxy', ['-d', '-c', file]);
    const at = `http://${login}@127.0.0.1:${port}`;
    const before = proxy.tunnels.length;
    await eventually('tinyproxy listens', () => answers(port));
    const program = await runReady(env({ ...{ HTTPS_PROXY: '', HTTP_PROXY: '' }, https_proxy: at, http_proxy: at }));
    await workspace.until(() => workspace.connections === 2);
    const dana = workspace.person('dana');
    await dana.types('/registrations');
    await dana.finds(/You have no applications yet/, { in: 'whispered' });
    await grantsEverywhere('Behind tinyproxy');
    await kill(program);
    tinyproxy.kill();
    const through = new Set(proxy.tunnels.slice(before));
    expect([...through].sort()).toEqual(['hook.test:443', 'kong.test:443', 'plain.test:80', 'slack.test:443']);
  });
});
