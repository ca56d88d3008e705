/**
 * A network whose only way out is a proxy: Slack's address is not known there, and its certificate is the company's own. The
 * bot and doctor run as operators run them, with HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type ForwardProxy, openForwardProxy } from '../support/forward-proxy.ts';
import { bare, kill, run, runReady } from '../support/process.ts';
import { certificateFile, openTlsFront } from '../support/tls-front.ts';

const login = 'registrar:hunter2';

let workspace: Workspace;
let database: TestDatabase;
let front: Awaited<ReturnType<typeof openTlsFront>>;
let proxy: ForwardProxy;
beforeAll(async () => {
  workspace = await openWorkspace({ publicUrl: 'https://slack.test' });
  database = await createDatabase();
  front = await openTlsFront(Number(new URL(workspace.url).port));
  proxy = await openForwardProxy({ 'slack.test:443': front.port }, login);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const env = (more: Record<string, string> = {}) =>
  environment(workspace, 'socket', {
    DATABASE_URL: database.url,
    SLACK_API_URL: 'https://slack.test/api/',
    NODE_EXTRA_CA_CERTS: certificateFile,
    HTTPS_PROXY: `http://${login}@127.0.0.1:${proxy.port}`,
    ...more,
  });

/** The lines of `npm run doctor` that are about Slack. */
async function doctor(env: Record<string, string>): Promise<string> {
  const program = fileURLToPath(new URL('../../src/cli/doctor.ts', import.meta.url));
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, [program], { env: { ...bare, ...env } }, (_, out) => resolve(out));
  return promise;
}

describe('through a proxy that asks for a password', () => {
  it('go the Web API, response URLs and Socket Mode, and doctor finds all well', async () => {
    const program = await runReady(env());
    await workspace.until(() => workspace.connections === 2);
    const dana = workspace.person('dana');
    await dana.types('/registrations');
    await dana.finds(/You have no applications yet/, { in: 'whispered' });
    await kill(program);
    expect(await doctor(env())).toMatch(/ok {4}token: .*\n(.*\n)*ok {4}mode: Socket Mode/);
    expect(new Set(proxy.tunnels)).toEqual(new Set(['slack.test:443']));
    expect(program.lines.join('\n')).not.toContain('hunter2');
  });

  it('nothing goes without it, and doctor and the log say what the proxy said', async () => {
    const wrong = env({ HTTPS_PROXY: `http://registrar:hunter3@127.0.0.1:${proxy.port}` });
    expect(await doctor(wrong)).toMatch(/FAIL {2}token: Slack does not answer \(ERR_PROXY_TUNNEL\).*HTTPS_PROXY/);
    const program = run({ ...wrong, LOG_LEVEL: 'info' });
    expect(await program.says(/Slack.*will retry|not there yet/)).toContain('407');
    await kill(program);
    expect(program.lines.join('\n')).not.toContain('hunter3');
  });
});

it('an address in NO_PROXY is reached without it', async () => {
  const before = proxy.tunnels.length;
  expect(await doctor(env({ NO_PROXY: 'example.com,.test' }))).toMatch(/FAIL {2}token: .*\(E(NOTFOUND|AI_AGAIN)\)/);
  expect(proxy.tunnels).toHaveLength(before);
});

it('a certificate that is not in NODE_EXTRA_CA_CERTS is not trusted, and doctor says so', async () => {
  const { NODE_EXTRA_CA_CERTS: _, ...without } = env();
  expect(await doctor(without)).toMatch(/FAIL {2}token: .*\((DEPTH_ZERO_)?SELF_SIGNED_CERT\w*\).*NODE_EXTRA_CA_CERTS/);
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
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'registrar-tinyproxy-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('what people do is answered', async () => {
    // It finds slack.test by asking our own proxy.
    const port = await freePort();
    const file = join(folder, 'tinyproxy.conf');
    const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 600', 'ConnectPort 443'];
    lines.push('BasicAuth registrar hunter2', `Upstream http ${login}@127.0.0.1:${proxy.port} "slack.test"`);
    await writeFile(file, `${lines.join('\n')}\n`);
    const tinyproxy = spawn('tinyproxy', ['-d', '-c', file]);
    const before = proxy.tunnels.length;
    await eventually('tinyproxy listens', () => answers(port));
    const program = await runReady(env({ HTTPS_PROXY: '', https_proxy: `http://${login}@127.0.0.1:${port}` }));
    await workspace.until(() => workspace.connections === 2);
    const dana = workspace.person('dana');
    await dana.types('/registrations');
    await dana.finds(/You have no applications yet/, { in: 'whispered' });
    await kill(program);
    tinyproxy.kill();
    expect(proxy.tunnels.length).toBeGreaterThan(before);
  });
});
