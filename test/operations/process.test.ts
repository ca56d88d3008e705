/** The bot as a program: what it says when it cannot start, when it is ready, and how it ends. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment, modes, startBot } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { kill, run, runReady } from '../support/process.ts';
import { people, requests } from '../support/steps.ts';

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

/** The same inside this process, where what it says is all that matters. */
const starting = (more: Record<string, string>) =>
  startBot(workspace, 'socket', { DATABASE_URL: database.url, ...more });

describe('it does not start, and says what to do', () => {
  it('with nothing set, without a stack trace', async () => {
    const program = run({});
    expect(await program.exited).toBe(1);
    expect(program.lines.join('\n')).toMatchInlineSnapshot(`
      "Registrar cannot start. Please set:
        SLACK_BOT_TOKEN: required: the bot token, xoxb-…
        ADMIN_CHANNEL: required: the ID of the channel that requests are posted to
        SLACK_APP_TOKEN or SLACK_SIGNING_SECRET: one of the two: an app-level token (xapp-…) for Socket Mode, or the signing secret for HTTP mode

      To try it without Slack or any setting: npm run demo"
    `);
  });

  it('with a gateway without its token, reported with every other mistake', async () => {
    const file = join(folder, 'gateways.yaml');
    const gateways = 'gateways:\n  - { name: cloud, kind: konnect, url: "https://eu.api.konghq.com/v2" }\n';
    await writeFile(file, `services: []\n${gateways}`);
    const program = run({ CATALOG_FILE: file, PORT: 'http', GATEWAY_CLUOD_TOKEN: 'kpat_secret' });
    expect(await program.exited).toBe(1);
    const said = program.lines.join('\n');
    for (const variable of ['SLACK_BOT_TOKEN', 'PORT', 'GATEWAY_CLOUD_TOKEN', 'GATEWAY_CLUOD_TOKEN'])
      expect(said).toContain(`  ${variable}: `);
    expect(said).not.toContain('kpat_secret');
    await expect(starting({ CATALOG_FILE: file })).rejects.toThrow('GATEWAY_CLOUD_TOKEN: ');
  });

  it('with a catalog file that is wrong, naming file, line and field, and changes nothing', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'services:\n  - { slug: payments, name: Payments API }\n  - { slug: Ledger, name: Ledger API }\n',
    );
    await expect(starting({ CATALOG_FILE: file })).rejects.toThrow(`${file}:3: services[1].slug: expected`);
    expect(await database.sql`select slug from services`).toEqual([]);
  });

  it('with a token that Slack does not accept, without showing it', async () => {
    const said = await starting({ SLACK_BOT_TOKEN: 'xoxb-somebody-elses' }).catch((error) => error.message);
    expect(said).toContain('Slack does not accept the token (invalid_auth). Set SLACK_BOT_TOKEN');
    expect(said).not.toContain('somebody-elses');
  });

  it('with an app-level token that lacks its scope', async () => {
    workspace.fail('apps.connections.open', { kind: 'error', error: 'missing_scope' }, { times: 2 });
    await expect(starting({})).rejects.toThrow(/SLACK_APP_TOKEN .*connections:write/);
  });

  it.each(['auth.test', 'apps.connections.open'])('with a refusal of %s that no one has heard of', async (method) => {
    workspace.fail(method, { kind: 'error', error: 'a_word_of_tomorrow' }, { times: method === 'auth.test' ? 1 : 2 });
    await expect(starting({})).rejects.toThrow('Slack does not accept the token (a_word_of_tomorrow).');
  });

  it('with a database that is not reachable, without showing the address', async () => {
    const said = await starting({ DATABASE_URL: `${database.url}_not` }).catch((error) => error.message);
    expect(said).toContain('DATABASE_URL: there is no such database');
    expect(said).not.toContain(new URL(database.url).password);
  });

  it('with a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    await expect(starting({ PORT: port })).rejects.toThrow(
      `HOST, PORT and METRICS_PORT: cannot listen on 127.0.0.1:${port} (EADDRINUSE).`,
    );
    taken.close();
  });
});

describe.each(modes)('over %s', (mode) => {
  it('it is ready once the database and Slack are reachable; at SIGTERM it drains and exits 0', async () => {
    // Whatever starts it sends its signals to npm, which passes them on to the process that it has started.
    const program = await runReady(environment(workspace, mode, { DATABASE_URL: database.url }), { by: 'npm' });
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
    await waitForBlocked(database, 1);
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

it('an exception from outside of every promise ends it, with a line that says so: what it interrupted is not known', async () => {
  const thrown = `process.once('SIGUSR2', () => { throw new Error('of nowhere'); })`;
  const program = await runReady(env({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrown)}` }));
  program.child.kill('SIGUSR2');
  expect(JSON.parse(await program.says(/uncaught error, Registrar exits/)).err.message).toBe('of nowhere');
  expect(await program.exited).toBe(1);
});

it('while Slack is not reachable it is alive, not ready, says why, and can be stopped', async () => {
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

it('without DATABASE_URL it starts its own PostgreSQL, and stops it at its end', async () => {
  const data = join(tmpdir(), `registrar-program-data-${process.pid}`);
  const { DATABASE_URL: _, ...without } = env({ DATA_DIR: data });
  const killed = await runReady(without);
  await kill(killed);
  const after = await runReady(without);
  after.child.kill('SIGINT');
  expect(await after.exited).toBe(0);
  await rm(data, { recursive: true });
});
