/** The bot as a program: what it says when it cannot start, when it is ready, and how it ends. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, modes } from './support/bot.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { holdRegistrations, standing } from './support/locks.ts';
import { openOffice } from './support/office.ts';
import { asks, people, requests } from './support/people.ts';
import { kill, run, runReady } from './support/program.ts';
import { signature } from './workspace/delivery/http.ts';
import { openWorkspace, type Workspace } from './workspace/workspace.ts';

let folder: string;
let workspace: Workspace;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registrar-program-'));
  workspace = await openWorkspace();
  database = await createDatabase();
});
afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const env = (more: Record<string, string> = {}) =>
  environment(workspace, 'socket', { DATABASE_URL: database.url, ...more });

/** What it says as it ends, and that it ends with 1 and without a stack trace. */
async function failing(env: Record<string, string>): Promise<string> {
  const program = run(env);
  expect(await program.exited).toBe(1);
  const said = program.lines.join('\n');
  expect(said).not.toMatch(/\n\s+at /);
  return said;
}

describe('it does not start, and says what to do', () => {
  it('with nothing set', async () => {
    expect(await failing({})).toMatchInlineSnapshot(`
      "Registrar cannot start. Please set:
        SLACK_BOT_TOKEN: required: the bot token, xoxb-…
        ADMIN_CHANNEL: required: the ID of the channel that requests are posted to
        SLACK_APP_TOKEN or SLACK_SIGNING_SECRET: one of the two: an app-level token (xapp-…) for Socket Mode, or the signing secret for HTTP mode

      To try it without Slack or any setting: npm run demo"
    `);
  });

  it('with a catalog file that is wrong, naming file, line and field, and changes nothing', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'services:\n  - { slug: payments, name: Payments API }\n  - { slug: Ledger, name: Ledger API }\n',
    );
    expect(await failing(env({ CATALOG_FILE: file }))).toContain(`${file}:3: services[1].slug: expected`);
    expect(await database.sql`select slug from services`).toEqual([]);
  });

  it('with a token that Slack does not accept, without showing it', async () => {
    const said = await failing(env({ SLACK_BOT_TOKEN: 'xoxb-somebody-elses', LOG_LEVEL: 'trace' }));
    expect(said).toContain('Slack does not accept the token (invalid_auth). Set SLACK_BOT_TOKEN');
    expect(said).not.toContain('somebody-elses');
  });

  it('with a database that is not there, without showing the address', async () => {
    const said = await failing(env({ DATABASE_URL: `${database.url}_not` }));
    expect(said).toContain('DATABASE_URL: there is no such database');
    expect(said).not.toContain(new URL(database.url).password);
  });

  it('with a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    expect(await failing(env({ PORT: port }))).toContain(
      `HOST and PORT: cannot listen on 127.0.0.1:${port} (EADDRINUSE).`,
    );
    taken.close();
  });
});

describe.each(modes)('over %s', (mode) => {
  it('it is ready once the database and Slack are there; told to stop, it finishes what runs and ends with 0', async () => {
    const program = await runReady(environment(workspace, mode, { DATABASE_URL: database.url }));
    workspace.deliverOver(mode === 'socket' ? 'socket' : `http://127.0.0.1:${program.port}/slack/events`);
    const at = (path: string) => fetch(`http://127.0.0.1:${program.port}${path}`);
    expect((await at('/healthz')).status).toBe(200);
    expect((await at('/readyz')).status).toBe(200);
    expect((await at('/elsewhere')).status).toBe(404);
    expect((await at('/slack/events')).status).toBe(404);

    const { dana, alex, priya } = people({ workspace });
    await database.sql`insert into services (slug, name, managed_by) values (${mode}, ${`The ${mode} API`}, 'slack')`;
    await requests(dana, alex, `The ${mode} API`, `Shop ${mode}`);
    await priya.clicks('Reject', { in: 'api-requests', on: new RegExp(`${mode} API`) });
    await priya.fills('Reason', 'Closing time');
    const row = await holdRegistrations(database);
    const submitted = priya.submits();
    await standing(database, 1);
    program.child.kill('SIGTERM');
    await program.says(/stopping/);
    await row.release();
    expect(await submitted).toEqual({ closed: true });
    expect(await program.exited).toBe(0);
    expect(await database.sql`select status from registrations order by id desc limit 1`).toEqual([
      { status: 'rejected' },
    ]);
  });
});

describe("what is no request of Slack's", () => {
  it('over http is refused, and ends nothing; and a content type may name its charset', async () => {
    const program = await runReady(environment(workspace, 'http', { DATABASE_URL: database.url }));
    const send = (body: string, type = 'application/json') => {
      const signed = signature({ secret: workspace.signingSecret, now: Date.now }, body);
      const headers = { 'content-type': type, ...signed };
      return fetch(`http://127.0.0.1:${program.port}/slack/events`, {
        method: 'POST',
        body,
        headers,
        signal: AbortSignal.timeout(500),
      }).catch((error) => error);
    };
    const form = 'application/x-www-form-urlencoded';
    await Promise.all(['null', '[]', '1', '{', ''].map((body) => send(body)));
    await Promise.all(['payload=null', 'payload=%5B%5D', 'payload=', 'x'].map((body) => send(body, form)));
    const command = new URLSearchParams({ command: '/registrations', user_id: 'U0DANA', team_id: workspace.teamId });
    expect((await send(command.toString(), `${form};charset=UTF-8`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${program.port}/healthz`)).status).toBe(200);
    await kill(program);
  });

  it('over socket mode is passed over, and a reconnect that is refused once is tried again', async () => {
    const program = await runReady(env());
    await workspace.until(() => workspace.connections === 2);
    for (const frame of ['null', '[]', '{', '{"type":"events_api","envelope_id":"a"}', '{"type":"ws_message"}'])
      workspace.sendFrame(frame);
    workspace.fail('apps.connections.open', { kind: 'error', error: 'invalid_auth' });
    workspace.dropConnections();
    await workspace.until(() => workspace.connections === 0);
    await workspace.until(() => workspace.connections === 2, { within: 20_000 });
    expect((await fetch(`http://127.0.0.1:${program.port}/readyz`)).status).toBe(200);
    await kill(program);
  }, 30_000);
});

it('its log at trace level holds no secret, and nothing of what people wrote', async () => {
  await using office = await openOffice({ bots: 0 });
  const { workspace } = office;
  const { dana, alex } = people(office);
  const settings = { DATABASE_URL: office.database.url, CATALOG_FILE: office.catalogFile, LOG_LEVEL: 'trace' };
  const program = run(environment(workspace, 'http', settings));
  const { port } = JSON.parse(await program.says(/Registrar is ready/));
  workspace.deliverOver(`http://127.0.0.1:${port}/slack/events`);
  const secretReason = 'Because of project Nightingale';
  workspace.fail('views.open', { kind: 'server-error' });
  workspace.fail('conversations.members', { kind: 'server-error' });
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop', secretReason);
  await dana.closes();
  await asks(dana, ['Payments API'], 'Shop', secretReason);
  await alex.finds(/Ledger API/, { in: 'api-requests' });
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
  await alex.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
  await alex.fills('Reason', secretReason);
  await alex.submits();
  await dana.finds(/Rejected by @alex/);
  await office.database.allow(false);
  await alex.clicks('Delete request', { in: 'api-requests', on: /Payments/ });
  await alex.finds(/could not do this just now/, { in: 'whispered' });
  await kill(program);
  const log = program.lines.join('\n');
  expect(log).toMatch(/"a feature broke"/);
  const { botToken, appToken, signingSecret } = workspace;
  const { password } = new URL(office.database.url);
  for (const secret of [botToken, appToken, signingSecret, password, 'Nightingale']) expect(log).not.toContain(secret);
  await office.database.allow(true);
});

it('while Slack is not there it lives, is not ready, says why, and can be stopped', async () => {
  const program = run(env({ SLACK_API_URL: 'http://127.0.0.1:9/api/', PORT: '0', LOG_LEVEL: 'info' }));
  const { port } = JSON.parse(await program.says(/"listening"/));
  await eventually('only Slack is missing', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(response.status).toBe(503);
    const { failing } = Object(await response.json());
    return !failing.database && typeof failing.slack === 'string';
  });
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  program.child.kill('SIGTERM');
  expect(await program.exited).toBe(0);
});

it('without DATABASE_URL it brings its own PostgreSQL, and takes it along when it ends', async () => {
  const data = join(tmpdir(), `registrar-program-data-${process.pid}`);
  const { DATABASE_URL: _, ...without } = env({ DATA_DIR: data });
  const first = await runReady(without);
  first.child.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  const killed = await runReady(without);
  await kill(killed);
  const after = await runReady(without);
  after.child.kill('SIGINT');
  expect(await after.exited).toBe(0);
  await rm(data, { recursive: true });
});
