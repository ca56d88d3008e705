/** `npm run audit`: the whole record as CSV and JSON lines, of any length, with or without a running bot. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readAuditOptions } from '../../src/cli/audit/arguments.ts';
import { audit as auditProgram } from '../../src/cli/audit.ts';
import { serviceRecordJson } from '../../src/db/audit-log/service-record.ts';
import { openWorkspace } from '../local-slack/workspace.ts';
import { environment } from '../support/bot.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { bare, runReady } from '../support/process.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const program = fileURLToPath(new URL('../../src/cli/audit.ts', import.meta.url));
const only = (env: Record<string, string>) => ({ env: { ...bare, ...env } });

/** Runs the audit program, with nothing in the environment but where the database is. */
async function audit(env: Record<string, string>, ...args: string[]) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const ended = auditProgram(args, env, out, err).finally(() => {
    out.end();
    err.end();
  });
  const [code, told, errors] = await Promise.all([ended, text(out), text(err)]);
  return { code, out: told, err: errors };
}

/** The same, run as operators do. */
async function runAudit(env: Record<string, string>, ...args: string[]) {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; out: string; err: string }>();
  execFile(process.execPath, [program, ...args], only(env), (error, out, err) =>
    resolve({ code: error ? error.code : 0, out, err }),
  );
  return promise;
}

const header = 'at,registration,version,action,actor,from,to,service,application,requester,reason\r\n';

/** So many events of one registration, a minute apart, with long reasons. */
async function hasRecorded({ sql }: TestDatabase, events: number) {
  const start = '2026-01-01T00:00:00Z';
  await sql`insert into services (slug, name, managed_by) values ('payments', 'Payments API', 'slack')`;
  await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', ${start})`;
  await sql`insert into service_changes (service_id, version, actor, after, at)
    select id, 1, 'U0ALEX', ${sql.unsafe(serviceRecordJson('s'))}, ${start}::timestamptz from services s`;
  await sql`insert into application_history (application_id, version, actor, action, name, added, removed, at)
    values (1, 1, 'U0DANA', 'create', 'Shop', '{}', '{}', ${start})`;
  await sql`insert into registrations
      (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, changed_by, change_reason)
    select a.id, s.id, 'U0DANA', repeat('x', 1800), 'V1', 'revoked', ${events}, at, at + ${events} * interval '1 minute', 'U0ALEX',
      repeat('x', 1800)
    from applications a, services s, (select ${start}::timestamptz as at) start`;
  await sql`insert into history (registration_id, version, actor, action, from_status, to_status, reason, at)
    select r.id, v, case v when 1 then 'U0DANA' else 'U0ALEX' end, case v when 1 then 'request' else 'revoke' end,
      case when v > 1 then 'approved' end, 'revoked', repeat('x', 1800), ${start}::timestamptz + v * interval '1 minute'
    from registrations r, generate_series(1, ${events}::int) v`;
  await sql`update registrations set requested_at = ${start}::timestamptz + interval '1 minute'`;
}

describe.concurrent('the record', () => {
  it('is written event by event, oldest first, as CSV and as JSON lines, for a period or whole', async ({ expect }) => {
    let minute = 0;
    const now = () => new Date(Date.UTC(2026, 10, 2, 9, minute));
    await using scenario = await openScenario({ now });
    const { dana, alex, priya } = people(scenario);
    await asks(dana, ['Payments API', 'Search API'], 'Shop');
    await alex.finds(/Payments API/, { in: 'api-requests' });
    minute = 1;
    await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    minute = 2;
    await priya.clicks('Revoke', { in: 'api-requests', on: /Payments/ });
    await priya.fills('Reason', 'Leaked,\nand "public" now');
    await priya.submits();
    await alex.finds(/Revoked by @priya/, { in: 'api-requests' });

    const where = { DATABASE_URL: scenario.database.url };
    const csv = await audit(where, '--format', 'csv');
    expect(csv).toMatchObject({ code: 0, err: '' });
    expect(csv.out.replaceAll('\r\n', '⏎\n')).toMatchInlineSnapshot(`
      "at,registration,version,action,actor,from,to,service,application,requester,reason⏎
      2026-11-02T09:00:00.000Z,1,1,request,U0DANA,,pending,payments,Shop,U0DANA,Checkout for the shop⏎
      2026-11-02T09:00:00.000Z,2,1,request,U0DANA,,approved,search,Shop,U0DANA,Checkout for the shop⏎
      2026-11-02T09:01:00.000Z,1,2,approve,U0ALEX,pending,approved,payments,Shop,U0DANA,⏎
      2026-11-02T09:02:00.000Z,1,3,revoke,U0PRIYA,approved,revoked,payments,Shop,U0DANA,"Leaked,
      and ""public"" now"⏎
      "
    `);
    const lines = (out: string) =>
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const json = lines((await audit(where, '--format', 'jsonl')).out);
    expect(json).toHaveLength(4);
    expect(Object.keys(json[0]).join()).toBe(header.trim());
    expect(json[3]).toMatchInlineSnapshot(`
      {
        "action": "revoke",
        "actor": "U0PRIYA",
        "application": "Shop",
        "at": "2026-11-02T09:02:00.000Z",
        "from": "approved",
        "reason": "Leaked,
      and "public" now",
        "registration": 1,
        "requester": "U0DANA",
        "service": "payments",
        "to": "revoked",
        "version": 3,
      }
    `);

    const period = ['--since', '2026-11-02T09:01:00Z', '--until', '2026-11-02T10:02:00+01:00', '--format', 'jsonl'];
    expect(lines((await audit(where, ...period)).out).map(({ action }) => action)).toEqual(['approve']);
    expect((await audit(where, '--until', '2026-11-02')).out).toBe(header);
    expect((await audit(where, '--since', '2026-11-02')).out).toBe(csv.out);
  });

  it('contains no formula: what a spreadsheet would run begins with an apostrophe', async () => {
    await using scenario = await openScenario();
    const { dana } = people(scenario);
    const formulas = [
      '=HYPERLINK("http://evil.example";"Open")',
      '+1+1',
      '-1',
      '@SUM(A1)',
      '＝1+1',
      'a;=1+1',
      'a; "=1+1"',
      'a\n=1+1',
    ];
    for (const [index, formula] of formulas.entries()) {
      await asks(dana, ['Search API'], `=Shop ${index}`, formula);
      await dana.closes();
    }
    const { out } = await audit({ DATABASE_URL: scenario.database.url });
    const rows = out.trim().split('\r\n').slice(1);
    expect(rows.map((row) => row.split(',').slice(8).join())).toEqual([
      `'=Shop 0,U0DANA,"'=HYPERLINK(""http://evil.example"";""Open"")"`,
      `'=Shop 1,U0DANA,'+1+1`,
      `'=Shop 2,U0DANA,'-1`,
      `'=Shop 3,U0DANA,'@SUM(A1)`,
      `'=Shop 4,U0DANA,'＝1+1`,
      `'=Shop 5,U0DANA,a;'=1+1`,
      `'=Shop 6,U0DANA,"a; ""'=1+1"""`,
      `'=Shop 7,U0DANA,"a\n'=1+1"`,
    ]);
    const json = (await audit({ DATABASE_URL: scenario.database.url }, '--format', 'jsonl')).out;
    expect(JSON.parse(json.split('\n')[1] ?? '')).toMatchObject({ application: '=Shop 1', reason: '+1+1' });
  });

  it('of applications and of services is selected by name, in the same formats and periods', async ({ expect }) => {
    let minute = 0;
    const now = () => new Date(Date.UTC(2026, 10, 2, 9, minute));
    const only = 'services:\n  - { slug: payments, name: Payments API, approvers: [U0ALEX, S0LEADS] }\n';
    await using scenario = await openScenario({ now, catalog: only });
    const { dana, sam } = people(scenario);
    minute = 1;
    await asks(dana, ['Payments API'], '=Shop, "new"');
    await dana.closes();
    await dana.opensHome();
    await dana.clicks('Co-owners', { in: 'home' });
    await dana.picks('Co-owners', 'sam');
    await dana.picks('Co-owners', 'lee');
    minute = 2;
    await dana.submits();
    await sam.finds(/made you an owner/);

    const where = { DATABASE_URL: scenario.database.url };
    const applications = await audit(where, '--record', 'applications');
    expect(applications.out.replaceAll('\r\n', '⏎\n')).toMatchInlineSnapshot(`
      "at,application,version,action,actor,name,added,removed⏎
      2026-11-02T09:01:00.000Z,1,1,create,U0DANA,"'=Shop, ""new""",U0DANA,⏎
      2026-11-02T09:02:00.000Z,1,2,owners,U0DANA,"'=Shop, ""new""",U0SAM U0LEE,⏎
      "
    `);
    const since = ['--since', '2026-11-02T09:02:00Z', '--format', 'jsonl'];
    const [joined] = (await audit(where, '--record', 'applications', ...since)).out.trim().split('\n');
    expect(JSON.parse(joined ?? '')).toMatchObject({ action: 'owners', added: ['U0SAM', 'U0LEE'], removed: [] });
    expect((await audit(where, '--record', 'services', ...since)).out).toBe('');
    const services = await audit(where, '--record', 'services');
    expect(services.out.replaceAll('\r\n', '⏎\n')).toMatchInlineSnapshot(`
      "at,service,version,actor,before,after⏎
      2026-11-02T09:00:00.000Z,payments,1,,,"{""docs"":null,""name"":""Payments API"",""slug"":""payments"",""access"":null,""channel"":null,""retired"":false,""approvers"":[""U0ALEX"",""S0LEADS""],""managedBy"":""file"",""autoApprove"":false,""description"":"""",""registrationEnabled"":true}"⏎
      "
    `);
    expect((await audit(where, '--verify')).out).toMatch(/^All 4 events fit/);
  });

  it('of 20,000 events and 36 MB is streamed with a heap of 32 MB', async () => {
    await using database = await createDatabase();
    await hasRecorded(database, 20_000);
    const child = spawn(process.execPath, ['--max-old-space-size=32', program], only({ DATABASE_URL: database.url }));
    const closed = once(child, 'close');
    let lines = 0;
    let last = '';
    for await (const line of createInterface(child.stdout)) {
      lines += 1;
      last = line;
    }
    expect(await closed).toEqual([0, null]);
    expect(lines).toBe(20_001);
    expect(last).toMatch(/,1,20000,revoke,/);

    const where = { DATABASE_URL: database.url, NODE_OPTIONS: '--max-old-space-size=32' };
    const [head] = await database.sql`select seq || ':' || hash as noted from history_head`;
    const fits = await runAudit(where, '--verify', '--expect', head?.noted);
    expect(fits).toEqual({ code: 0, out: `All 20002 events fit.\nhead ${head?.noted}\n`, err: '' });
    await database.sql`alter table history disable trigger user`;
    await database.sql`update history set actor = 'U0LEE' where seq = 3`;
    const said = 'Event 3 (registration 1, version 1) does not fit: it is not what was written there.\n';
    expect(await audit(where, '--verify')).toEqual({ code: 1, out: said, err: '' });
  });

  it('may be closed early by its reader, as head does, without an error', async () => {
    await using database = await createDatabase();
    await hasRecorded(database, 10_000);
    const child = spawn(process.execPath, [program], only({ DATABASE_URL: database.url }));
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(said).toEqual([]);
  });
});

describe.concurrent('a wrong call', () => {
  it.each([
    [['--since', 'yesterday'], '--since: expected a date such as 2026-01-31'],
    [['--until', '2026-02-30'], '--until: expected a date such as 2026-01-31'],
    [['--since', '2026-02-01', '--until', '2026-01-01'], '--until: expected a time after --since'],
    [['--format', 'xlsx'], '--format: expected csv or jsonl'],
    [['--record', 'people'], '--record: expected registrations, applications, services, access or erasures'],
    [['--verify', '--record', 'services'], '--verify: expected no --since, --until, --format or --record with it'],
    [['--verify', '--since', '2026-01-01'], '--verify: expected no --since, --until, --format or --record with it'],
    [['--verify', '--expect', '42'], '--expect: expected a head as an earlier --verify printed it'],
    [['--expect', `42:${'a'.repeat(64)}`], '--expect: expected --verify with it'],
    [['--form', 'csv'], "Unknown option '--form'. Use --since"],
    [['--since'], "Option '--since <value>' argument missing. Use --since"],
    [['2026-01-01'], "Unexpected argument '2026-01-01'. Use --since"],
  ])('%j is refused, naming it and the fix', (args, words) => {
    expect(() => readAuditOptions(args)).toThrow(words);
  });

  it('is refused in one line, before the database is opened', async () => {
    const { code, out, err } = await audit({ DATABASE_URL: 'postgres://127.0.0.1:1/none' }, '--since', 'yesterday');
    expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
    expect(err).toContain('--since: expected a date');
  });

  it.each([
    [{ DATABASE_URL: 'mysql://hunter2@db/registrar' }, 'DATABASE_URL: a URL such as postgres://'],
    [{ DATABASE_URL: 'postgres://hunter2@127.0.0.1:1/none' }, 'The database cannot be read (ECONNREFUSED).'],
    [{ DATA_DIR: '/nowhere/hunter2-not' }, 'There is no database in DATA_DIR /nowhere'],
  ])('of %j is answered in one line, without a header', async (env, words) => {
    const { code, out, err } = await audit(env);
    expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
    expect(err).toContain(words);
    expect(err).not.toContain('hunter2@');
  });

  it('on a database without a record says so', async () => {
    await using database = await createDatabase();
    await database.sql`drop table history cascade`;
    const { code, err } = await audit({ DATABASE_URL: database.url });
    expect({ code, err }).toEqual({ code: 1, err: 'There is no record in this database yet: start Registrar once.\n' });
  });
});

const cli = fileURLToPath(new URL('../../src/cli/', import.meta.url));
const programs = readdirSync(cli)
  .filter((file) => file.endsWith('.ts') && readFileSync(join(cli, file), 'utf8').includes('import.meta.main'))
  .map((file) => ({ file }));

describe.each(programs)('$file', ({ file }) => {
  const runWith = (option: string) =>
    new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
      execFile(process.execPath, [join(cli, file), option], only({}), (error, out, err) =>
        resolve({ code: error?.code ?? 0, out, err }),
      );
    });

  it('--help prints its usage, without a database, and does nothing', async () => {
    expect(await runWith('--help')).toEqual({ code: 0, out: expect.stringMatching(/^npm run /), err: '' });
  });

  it('an option that it does not know is refused with its usage', async () => {
    expect(await runWith('--nonsense')).toEqual({ code: 1, out: '', err: expect.stringMatching(/npm run |Use --/) });
  });
});

it('reads the embedded PostgreSQL of a running bot, and starts it for itself where no bot runs', async () => {
  const folder = join(tmpdir(), `registrar-audit-${process.pid}`);
  await using workspace = await openWorkspace();
  const bot = await runReady(environment(workspace, 'socket', { DATA_DIR: folder }));
  expect(await runAudit({ DATA_DIR: folder })).toEqual({ code: 0, out: header, err: '' });
  expect((await fetch(`http://127.0.0.1:${bot.port}/readyz`)).status).toBe(200);
  bot.child.kill('SIGTERM');
  expect(await bot.exited).toBe(0);
  expect(await audit({ DATA_DIR: folder })).toEqual({ code: 0, out: header, err: '' });
  expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false);
  await rm(folder, { recursive: true });
});
