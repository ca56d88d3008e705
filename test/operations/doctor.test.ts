/** `npm run doctor`: it names what is wrong and how to fix it, whatever hangs, and changes nothing. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { WebSocket } from 'ws';
import { readOnly } from '../../src/cli/doctor/database.ts';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { connect } from '../../src/db/client.ts';
import { channel, group, person, SCOPES, type Seed, seed } from '../local-slack/seed.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { openMailServer } from '../support/mail-server.ts';
import { databaseUrl } from '../support/postgres.ts';
import { bare } from '../support/process.ts';
import { openScenario } from '../support/scenario.ts';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'registrar-doctor-'));
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const everything: string[] = [];
afterEach(() => {
  const password = new URL(database.url).password;
  for (const secret of ['xoxb-', 'xapp-', 'hunter2', password]) expect(everything.join('\n')).not.toContain(secret);
});

/** Runs the doctor on an environment. Returns its lines. */
async function says(env: Record<string, string>, now = new Date()): Promise<string[]> {
  const lines: string[] = [];
  await runChecks(env, ({ level, about, what }) => lines.push(`${level} ${about}: ${what}`), now);
  everything.push(...lines);
  return lines;
}

/** Only what is not as it should be. */
const problemsOf = async (env: Record<string, string>) => (await says(env)).filter((line) => !line.startsWith('ok '));

const usual = (workspace: Workspace, more: Record<string, string> = {}) =>
  environment(workspace, 'socket', { DATABASE_URL: database.url, ...more });

it('it says that a schedule which limits both kinds of days needs both', async () => {
  await using workspace = await openWorkspace();
  const env = usual(workspace, { REMINDER_SCHEDULE: '0 9 1,15 * 1', DIGEST_SCHEDULE: '0 9 29 2 *' });
  expect((await says(env, new Date('2026-11-23T08:00:00Z'))).filter((line) => line.includes('SCHEDULE'))).toEqual([
    'warn REMINDER_SCHEDULE: runs next on Monday, 1 February 2027 at 09:00 (UTC). It limits the days of the month and of the week, and runs only on days that are both.',
    'warn DIGEST_SCHEDULE: does not run within a year. Write another cron expression.',
  ]);
});

it('it reports that all is well, and changes nothing', async () => {
  await using workspace = await openWorkspace();
  expect(await says(usual(workspace), new Date('2026-11-23T08:00:00Z'))).toMatchInlineSnapshot(`
    [
      "ok configuration: every variable is valid.",
      "ok REMINDER_SCHEDULE: runs next on Monday, 23 November 2026 at 09:00 (UTC).",
      "ok token: SLACK_BOT_TOKEN is registrar's (U0REGISTRAR) in Acme.",
      "ok scopes: all that the manifest requests.",
      "ok mode: Socket Mode: Slack accepts SLACK_APP_TOKEN, and a connection opens.",
      "ok database: PostgreSQL 18.4 at DATABASE_URL.",
      "ok migrations: all applied.",
      "ok pg_trgm: installed.",
      "ok outbox: 0 to deliver.",
      "ok dead letters: none.",
      "ok catalog: no CATALOG_FILE: services are made in Slack.",
      "ok mail server: no SMTP_URL: no e-mail is sent.",
      "ok connections: Slack counts 0 Socket Mode connections of the app besides this check's own.",
      "ok channel C0REQUESTS: #api-requests, for ADMIN_CHANNEL.",
      "ok approvers: every service has an approver who can decide.",
      "ok messages: Slack takes all 62 kinds of message and form.",
    ]
  `);
  const asked = [...new Set(workspace.calls.map(({ method }) => method))].sort();
  expect(asked).toEqual([
    'apps.connections.open',
    'auth.test',
    'blocks.validate',
    'conversations.history',
    'conversations.info',
    'conversations.members',
  ]);
  const reading = connect(database.url, readOnly);
  await expect(reading.tables.execute(`delete from services`)).rejects.toMatchObject({ cause: { code: '25006' } });
  await reading.close();
});

describe('what is wrong in Slack', () => {
  /** More of whatever a case needs than the usual workspace has. */
  const more = {
    members: [
      person('gone', { deleted: true }),
      person('guest', { isGuest: true }),
      person('partner', { teamId: 'T0ELSE' }),
    ],
    groups: [group('S0EMPTY', 'nobody', []), group('S0LEADS', 'leads', ['U0ALEX', 'U0PRIYA'])],
    channels: [
      channel('C0OLD', 'old', ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR'], { archived: true }),
      channel('C0SECRET', 'secret', ['U0ALEX', 'U0PRIYA'], { kind: 'private' }),
      channel('C0OPEN', 'open', ['U0ALEX', 'U0PRIYA']),
      channel('C0ALONE', 'alone', ['U0REGISTRAR']),
    ],
  };
  type Case = {
    env?: Record<string, string>;
    catalog?: string;
    seed?: Partial<Parameters<typeof seed>[0]>;
    arrange?: (workspace: Workspace) => void;
  };

  it.each<[string, Case, (string | RegExp)[]]>([
    [
      'the bot token',
      { env: { SLACK_BOT_TOKEN: 'xoxb-hunter2' } },
      [
        'FAIL token: Slack says invalid_auth. Set SLACK_BOT_TOKEN to the bot token of your app, and see that this machine reaches SLACK_API_URL.',
        'warn channels and approvers: not checked while Slack does not accept the token.',
      ],
    ],
    [
      'the app-level token',
      { env: { SLACK_APP_TOKEN: 'xapp-hunter2' } },
      [/^FAIL mode: Socket Mode: Slack says invalid_auth\. .*connections:write/],
    ],
    [
      'a scope',
      { seed: { scopes: SCOPES.filter((scope) => scope !== 'im:history' && scope !== 'users:read.email') } },
      [/^FAIL scopes: im:history, users:read.email missing\. Add them .* and reinstall the app/],
    ],
    [
      'the scope that a check needs',
      { seed: { scopes: SCOPES.filter((scope) => scope !== 'groups:history') } },
      [/^FAIL scopes: groups:history missing/, /^FAIL channel C0REQUESTS: cannot be looked at: the app lacks a scope/],
    ],
    [
      'the admin channel',
      { env: { ADMIN_CHANNEL: 'C0NOWHERE' } },
      [
        /^FAIL channel C0NOWHERE: not there, .*It is set for ADMIN_CHANNEL/,
        /^FAIL APPROVERS: there is no approver who can decide/,
      ],
    ],
    [
      'an archived channel',
      { env: { ESCALATION_CHANNEL: 'C0OLD' } },
      [/^FAIL channel C0OLD: archived\. Unarchive .*ESCALATION_CHANNEL/],
    ],
    [
      "services' channels",
      {
        catalog:
          '{ slug: a, name: A, channel: C0OPEN }, { slug: b, name: B, channel: C0OPEN }, { slug: c, name: C, channel: C0SECRET }, { slug: d, name: D, channel: C0ALONE }',
      },
      [
        /^FAIL channel C0OPEN: without the bot\. Invite it there: .*set for a, b\./,
        /^FAIL channel C0SECRET: not there, or private and without the bot.*set for c\./,
        'FAIL channel C0ALONE: public, and no approvers are named: everyone who joins can decide. Set APPROVERS, or make it private. It is set for d.',
        'FAIL approvers of c: there is no approver who can decide. Name users or groups who can, or invite them.',
        'FAIL approvers of d: there is no approver who can decide. Name users or groups who can, or invite them.',
      ],
    ],
    [
      'approvers',
      { env: { APPROVERS: 'U0NOBODY,U0GONE,S0EMPTY,S0NONE,U0GUEST,U0PARTNER' } },
      [
        'FAIL approver U0NOBODY: no user in this workspace has this ID. Correct it.',
        'warn approver U0GONE: deactivated in Slack. Name another user instead.',
        /^warn approver U0GUEST: a guest, or a member of another team/,
        /^warn approver U0PARTNER: a guest, or a member of another team/,
        'warn approvers S0EMPTY: the user group is empty. Add people to it in Slack.',
        'FAIL approvers S0NONE: no user group in this workspace has this ID. Correct it.',
        'FAIL APPROVERS: there is no approver who can decide. Name users or groups who can, or invite them.',
      ],
    ],
    [
      'guests who may, and cannot see the cards',
      { env: { APPROVERS: 'U0GUEST,U0PARTNER', ALLOW_EXTERNAL: 'true' } },
      [
        'warn APPROVERS: U0GUEST, U0PARTNER not in C0REQUESTS: asked by direct message, without the cards. Invite them to the channel.',
      ],
    ],
    [
      'a service of one person, or of no one',
      {
        env: { APPROVERS: 'S0LEADS' },
        catalog: '{ slug: a, name: A, approvers: [U0ALEX] }, { slug: b, name: B, approvers: [S0EMPTY] }',
      },
      [
        /^warn approvers S0EMPTY/,
        /^warn approvers of a: only one person can decide, .*Name a second/,
        /^FAIL approvers of b: there is no approver who can decide/,
      ],
    ],
    [
      'services with the same approvers, once',
      {
        env: { APPROVERS: 'U0ALEX' },
        catalog:
          '{ slug: a, name: A, approvers: [U0PRIYA] }, { slug: b, name: B, approvers: [U0PRIYA] }, { slug: c, name: C }',
      },
      [
        /^warn APPROVERS: only one person can decide/,
        'warn approvers of a, b: only one person can decide, but not about their own requests. Name a second approver.',
      ],
    ],
    ['one person who may decide about their own', { env: { APPROVERS: 'U0ALEX', ALLOW_SELF_APPROVAL: 'true' } }, []],
    [
      'what Slack does not say just now',
      {
        env: { APPROVERS: 'U0ALEX,S0LEADS' },
        arrange: (workspace) => {
          workspace.fail('conversations.info', { kind: 'rate-limited', retryAfter: 7 });
          workspace.fail('usergroups.users.list', { kind: 'server-error' });
        },
      },
      [
        /^warn channel C0REQUESTS: not known: Slack asks to wait 7 seconds/,
        'warn approvers S0LEADS: not known: Slack answers with HTTP 500.',
      ],
    ],
  ])('%s', async (_, { env = {}, catalog, seed: of = {}, arrange }, expected) => {
    const world: Seed = seed({ ...more, ...of });
    await using workspace = await openWorkspace({ seed: world });
    arrange?.(workspace);
    const file = join(folder, 'catalog.yaml');
    if (catalog) await writeFile(file, `services: [${catalog}]`);
    const found = await problemsOf(usual(workspace, { ...(catalog ? { CATALOG_FILE: file } : {}), ...env }));
    expect(found).toEqual(expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
  });
});

describe('what is wrong elsewhere', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace();
  });
  afterAll(() => workspace[Symbol.asyncDispose]());

  it('the environment, by variable, and nothing else is checked', async () => {
    const found = await problemsOf(usual(workspace, { ADMIN_CHANNEL: '', SMTP_URL: 'smtp://hunter2@mail', PORT: 'x' }));
    expect(found).toEqual([
      expect.stringContaining('FAIL configuration: ADMIN_CHANNEL: required'),
      expect.stringContaining('FAIL configuration: PORT: a port number'),
      expect.stringContaining('FAIL configuration: MAIL_FROM: the sender of e-mail'),
      'warn everything else: not checked until the configuration is right.',
    ]);
    const file = join(folder, 'both.yaml');
    await writeFile(file, 'services:\n  - { slug: a }\n');
    expect(await problemsOf(usual(workspace, { ADMIN_CHANNEL: '', CATALOG_FILE: file }))).toEqual([
      expect.stringContaining('FAIL configuration: ADMIN_CHANNEL: required'),
      expect.stringMatching(/^FAIL catalog: .*both\.yaml:2: services\[0\]\.name: is missing/),
      'warn everything else: not checked until the configuration is right.',
    ]);
  });

  it('a Slack without TLS at another machine', async () => {
    expect(await problemsOf(usual(workspace, { SLACK_API_URL: 'http://slack.test/api/' }))).toContainEqual(
      'warn SLACK_API_URL: http://: tokens and messages can be read on the network. Use https://.',
    );
  });

  it('the catalog file, by line and field', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'services:\n  - { slug: A b, name: A }\n');
    expect(await problemsOf(usual(workspace, { CATALOG_FILE: file }))).toEqual([
      expect.stringMatching(/^FAIL catalog: .*wrong\.yaml:2: services\[0\]\.slug: expected/),
    ]);
  });

  it('the mail server', async () => {
    await using mail = await openMailServer();
    const problemOf = (url: string) =>
      problemsOf(usual(workspace, { SMTP_URL: url, MAIL_FROM: 'registrar@acme.example' }));
    expect(await problemOf(mail.url)).toEqual([]);
    await mail.down();
    expect(await problemOf(mail.url.replace('//', '//registrar:hunter2@'))).toEqual([
      expect.stringMatching(/^FAIL mail server: refused or not reachable \(E\w+\)\. See that SMTP_URL/),
    ]);
  });

  it.each([
    ['registrar:hunter2@127.0.0.1:1/none', /^FAIL database: not reachable \(ECONNREFUSED\)\. See that DATABASE_URL/],
    ['nobody:hunter2@HERE/none', /^FAIL database: DATABASE_URL: the password is wrong/],
    ['AS HERE/none', /^FAIL database: DATABASE_URL: there is no such database/],
  ])('the database at %s', async (where, expected) => {
    const { host, username, password } = new URL(database.url);
    const url = `postgres://${where.replace('AS ', `${username}:${password}@`).replace('HERE', host)}`;
    expect(await problemsOf(usual(workspace, { DATABASE_URL: url }))).toEqual([expect.stringMatching(expected)]);
  });

  it('an embedded database that was never started is no fault', async () => {
    const { DATABASE_URL: _, ...env } = usual(workspace, { DATA_DIR: join(folder, 'none') });
    expect(await problemsOf(env)).toEqual([expect.stringMatching(/^warn database: There is no database in DATA_DIR/)]);
  });

  it('migrations and pg_trgm, before the first start and after another version', async () => {
    const server = postgres(inject('postgres'), { max: 1, onnotice: () => {} });
    await server`create database test_doctor_empty`;
    expect(
      await problemsOf(usual(workspace, { DATABASE_URL: databaseUrl(inject('postgres'), 'test_doctor_empty') })),
    ).toEqual([
      expect.stringMatching(/^warn migrations: \d+ to apply\. npm start does\.$/),
      expect.stringMatching(/^warn pg_trgm: not installed yet/),
    ]);
    await server`drop database test_doctor_empty with (force)`;
    await server.end();
    await database.sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', 9999999999999)`;
    expect(await problemsOf(usual(workspace))).toEqual([
      expect.stringMatching(/^FAIL migrations: .* newer version of Registrar/),
    ]);
    await database.sql`delete from drizzle.__drizzle_migrations where hash = 'newer'`;
  });

  it('what waits in the outbox, the dead letters with their causes; and services that only the database knows', async () => {
    const { sql } = database;
    await sql`
      insert into outbox (queue, lane, priority, front, effect, run_at)
      values ('outbox', 'card:1', 0, true, '{"kind": "card"}', now() - interval '2 hours')`;
    await sql`
      insert into outbox (queue, lane, priority, front, effect, dead_at, destination, cause)
      select 'outbox', 'notice:' || n, 0, false, jsonb_build_object('kind', 'notice', 'registration', n), now(), 'direct', 'user_disabled'
      from generate_series(1, 12) n`;
    await sql`insert into services (slug, name, managed_by, channel) select 's' || n, 'S', 'slack', 'C0GONE' from generate_series(1, 5) n`;
    const found = await problemsOf(usual(workspace));
    expect(found[0]).toBe(
      'warn outbox: 1 to deliver, the first of them due for 2 hours. Start Registrar if it is not running; its log says why messages are retried.',
    );
    expect(
      found
        .slice(1, 11)
        .every((line) => /^warn dead letter: the notice of registration \d+, .*: user_disabled\.$/.test(line)),
    ).toBe(true);
    expect(found.slice(11)).toEqual([
      'warn dead letters: 2 more.',
      expect.stringMatching(/^FAIL channel C0GONE: .*set for s1, s2, s3\.$/),
      expect.stringMatching(/^FAIL approvers of s1, s2, s3 and 2 more: there is no approver who can decide/),
    ]);
    await sql`delete from outbox`;
    await sql`delete from services`;
  });

  it('a lane of the outbox that has jobs and nothing in front, until what docs/operations.md says is done', async () => {
    const { sql } = database;
    await sql`
      insert into outbox (queue, lane, priority, front, effect, run_at)
      select 'outbox', 'card:' || n, 0, n > 100, '{"kind": "card"}', now() - interval '1 minute' * n from generate_series(99, 130) n`;
    // Dead letters and what is behind a job that a worker has are as they should be.
    await sql`
      insert into outbox (queue, lane, priority, front, leased, effect, dead_at)
      values ('outbox', 'card:1', 0, true, true, '{"kind": "card"}', null), ('outbox', 'card:1', 0, false, false, '{"kind": "card"}', null),
        ('outbox', 'card:2', 0, false, false, '{"kind": "card"}', now())`;
    const stalled = async () => (await problemsOf(usual(workspace))).filter((line) => /^FAIL outbox/.test(line));
    expect(await stalled()).toEqual([
      expect.stringMatching(/^FAIL outbox: 2 lanes have jobs that no replica finds\..*docs\/operations\.md/),
    ]);
    const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    await sql.unsafe(/^update outbox set front.*$/m.exec(page)?.[0] ?? '');
    expect(await stalled()).toEqual([]);
    await sql`delete from outbox`;
  });

  it('nothing responds: it ends nevertheless', async () => {
    const hole = createServer(() => {}).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    const at = `127.0.0.1:${(hole.address() as AddressInfo).port}`;
    const began = performance.now();
    const found = await problemsOf({
      ...usual(workspace),
      SLACK_API_URL: `http://${at}/`,
      DATABASE_URL: `postgres://registrar:hunter2@${at}/none`,
      SMTP_URL: `smtp://registrar:hunter2@${at}`,
      MAIL_FROM: 'registrar@acme.example',
    });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(found).toEqual([
      expect.stringMatching(/^FAIL token: Slack does not answer \(it takes too long\)\./),
      expect.stringMatching(/^FAIL mode: Socket Mode: Slack does not answer \(it takes too long\)\./),
      expect.stringMatching(/^FAIL database: not reachable \(CONNECT_TIMEOUT\)\./),
      expect.stringMatching(/^FAIL mail server: refused or not reachable \(ETIMEDOUT\)\./),
      'warn channels and approvers: not checked while Slack does not accept the token.',
    ]);
    hole.close();
  });
});

it('more Socket Mode connections than the replicas have are named, and ten that leave no room', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url });
  const others: WebSocket[] = [];
  const joins = async () => {
    const headers = { authorization: `Bearer ${workspace.appToken}` };
    const response = await fetch(`${workspace.apiUrl}apps.connections.open`, { method: 'POST', headers });
    others.push(new WebSocket(Object(await response.json()).url));
  };
  await workspace.until(() => workspace.connections === 2);
  expect(await problemsOf(env)).toEqual([]);
  await joins();
  await workspace.until(() => workspace.connections === 3);
  expect(await problemsOf(env)).toEqual([
    expect.stringMatching(/^warn connections: Slack counts 3 .*1 replica has 2 each/),
  ]);
  while (others.length < 8) await joins();
  await workspace.until(() => workspace.connections === 10);
  expect(await problemsOf(env)).toEqual([expect.stringMatching(/^FAIL mode: .*too_many_websockets/)]);
  for (const other of others) other.close();
});

it('next to a running bot it prints a line for each check, exits 1 where one fails, and the bot runs on', async () => {
  await using scenario = await openScenario();
  const { workspace, database, bot } = scenario;
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url, ESCALATION_CHANNEL: 'C0GONE' });
  const program = fileURLToPath(new URL('../../src/cli/doctor.ts', import.meta.url));
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; out: string; err: string }>();
  execFile(process.execPath, [program], { env: { ...bare, ...env } }, (error, out, err) =>
    resolve({ code: error ? error.code : 0, out, err }),
  );
  const { code, out, err } = await promise;
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out).toMatch(
    /^ok {4}configuration: .*\nok {4}REMINDER_SCHEDULE: .*\nok {4}token: .*\n(?:ok {4}.*\n)+FAIL {2}channel C0GONE: .*\nok {4}approvers: .*\nok {4}messages: .*\n$/,
  );
  everything.push(out);
  expect((await fetch(`http://127.0.0.1:${bot.port}/readyz`)).status).toBe(200);
  await workspace.until(() => workspace.connections === 2);
});
