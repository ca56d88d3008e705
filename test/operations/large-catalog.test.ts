/** A catalog file of 30,000 services: applied next to a bot that goes on answering, and quickly left alone afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { parseCatalog, quickLength } from '../../src/catalog-file.ts';
import { readConfig } from '../../src/config.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { applyCatalogFile } from '../../src/db/service/apply-catalog-file.ts';
import type { CatalogService } from '../../src/domain/service.ts';
import { startRegistrar } from '../../src/main.ts';
import { environment, startBot } from '../support/bot.ts';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario } from '../support/scenario.ts';

const at = new Date('2026-11-26T10:00:00Z');

/** So many services, as the file has them. */
const services = (count: number): CatalogService[] =>
  Array.from({ length: count }, (_, index) => ({
    slug: `service-${index}`,
    name: `Service ${index} API`,
    description: 'Charges, refunds and payouts',
    docs: null,
    registrationEnabled: true,
    autoApprove: false,
    channel: null,
    approvers: ['U0ALEX'],
    access: null,
  }));

it('is applied in batches, between which others write to the record, and an unchanged one writes nothing', async () => {
  await using database = await createDatabase();
  const { tables, close } = connect(database.url);
  const db = { tables, outbox: createOutbox() };
  const file = services(30_000);

  // Someone else's change, which appends to the same record, as long as the file is applied: none waits for all of it.
  let applying = true;
  const waits: number[] = [];
  const others = (async () => {
    for (let nth = 0; applying; nth += 1) {
      const began = performance.now();
      await database.sql.begin(async (sql) => {
        const [made] =
          await sql`insert into applications (name, created_by, created_at) values (${`App ${nth}`}, 'U0DANA', now()) returning id`;
        await sql`insert into application_history (application_id, version, actor, action, name, added, removed, at)
          values (${made?.id}, 1, 'U0DANA', 'create', ${`App ${nth}`}, '{U0DANA}', '{}', now())`;
      });
      waits.push(performance.now() - began);
    }
  })();
  const begun = performance.now();
  const first = await applyCatalogFile(db, file, at);
  const took = performance.now() - begun;
  applying = false;
  await others;
  expect(first.set).toHaveLength(30_000);
  expect(waits.length).toBeGreaterThan(20);
  // A batch is a sixtieth of the work.
  expect(Math.max(...waits)).toBeLessThan(took / 4);

  const [before] = await database.sql`select pg_current_wal_insert_lsn() as lsn, (select seq from history_head) as seq`;
  const restarted = performance.now();
  expect(await applyCatalogFile(db, file, at)).toEqual({ set: [], dropped: [] });
  const unchanged = performance.now() - restarted;
  expect(await database.sql`select seq from history_head`).toEqual([{ seq: before?.seq }]);
  expect(unchanged).toBeLessThan(took / 2);

  // What is left of an interrupted start is done by the next one; what is gone from the file is handed over.
  await database.sql`update services set name = 'Another' where slug = 'service-29999'`;
  const next = await applyCatalogFile(db, file.slice(1_000), at);
  expect(next.set).toEqual(['service-29999']);
  expect(next.dropped).toHaveLength(1_000);
  const [{ left } = { left: 0 }] = await database.sql`
    select count(*)::int as left from services where managed_by = 'slack' and not registration_enabled`;
  expect(left).toBe(1_000);
  await close();
}, 300_000);

it('is not read again while neither it nor what it manages has changed', async () => {
  await using scenario = await openScenario({ bots: 0, catalog: 'services: []\n' });
  const { database, catalogFile } = scenario;
  const line = (index: number, name = `Service ${index}`) =>
    `  - { slug: service-${index}, name: ${name}, description: Charges and refunds }\n`;
  const text = `services:\n${Array.from({ length: 8_000 }, (_, index) => line(index)).join('')}`;
  expect(text.length).toBeGreaterThan(quickLength);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (written: string) => void lines.push(written) });
  const starts = async (file: string): Promise<string> => {
    lines.length = 0;
    await writeFile(catalogFile, file);
    const bot = await startBot(
      scenario.workspace,
      'socket',
      { DATABASE_URL: database.url, CATALOG_FILE: catalogFile },
      { log },
    );
    await bot.stop();
    return JSON.parse(lines.find((one) => /catalog file (applied|unchanged)/.test(one)) ?? '{}');
  };
  const unchanged = expect.objectContaining({ msg: 'catalog file unchanged' });
  expect(await starts(text)).toMatchObject({ changed: 8_000 });
  expect(await starts(text)).toEqual(unchanged);
  expect(await starts(text.replace(line(7), line(7, 'Seven')))).toMatchObject({ set: ['service-7'] });
  expect(await starts(text)).toMatchObject({ set: ['service-7'] });
  // By hand, or by another replica's file: the file says otherwise.
  await database.sql`update services set auto_approve = true where slug = 'service-9'`;
  expect(await starts(text)).toMatchObject({ set: ['service-9'] });
  expect(await starts(text)).toEqual(unchanged);
  await expect(starts(text.replace('slug: service-8,', 'slug: Service 8,'))).rejects.toThrow(
    /:10: services\[8\]\.slug/,
  );
  expect(await starts(text)).toEqual(unchanged);
}, 300_000);

it('is checked in a process of its own: the one that starts, here with another replica in it, goes on answering', async () => {
  await using scenario = await openScenario({ catalog: 'services: []\n' });
  const { workspace, database, catalogFile } = scenario;
  const happened: string[] = [];
  const answers: Promise<unknown>[] = [];
  const answered = (what: string, work: Promise<unknown>) => answers.push(work.then(() => happened.push(what)));
  let port = 0;
  const write = (line: string): void => {
    const said = JSON.parse(line);
    if (said.msg === 'listening') port = said.port;
    if (!/catalog file/.test(said.msg)) return;
    happened.push(said.msg);
    if (!/checking/.test(said.msg)) return;
    answered('health', fetch(`http://127.0.0.1:${port}/healthz`));
    answered('command', workspace.person('dana').types('/registrations'));
  };
  const lines = services(40_000).map(({ slug, name }) => `  - { slug: ${slug}, name: ${name} }\n`);
  await writeFile(catalogFile, `services:\n${lines.join('')}`);
  const env = { DATABASE_URL: database.url, CATALOG_FILE: catalogFile };
  const bot = await startBot(workspace, 'socket', env, { log: pino({ level: 'info' }, { write }) });
  await bot.stop();
  await Promise.all(answers);
  expect(happened.slice(1, 3).toSorted()).toEqual(['command', 'health']);
  expect(happened[3]).toBe('catalog file checked');
}, 300_000);

/** Starts on a large file, and acts on the process that checks it. */
async function startsAnd(act: (checker: number, stopping: AbortController) => void): Promise<void> {
  await using scenario = await openScenario({ bots: 0, catalog: 'services: []\n' });
  const { workspace, database, catalogFile } = scenario;
  const lines = services(40_000).map(({ slug, name }) => `  - { slug: ${slug}, name: ${name} }\n`);
  await writeFile(catalogFile, `services:\n${lines.join('')}`);
  const read = readConfig(environment(workspace, 'socket', { DATABASE_URL: database.url, CATALOG_FILE: catalogFile }));
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  const stopping = new AbortController();
  const write = (line: string): void => {
    if (/checking/.test(JSON.parse(line).msg)) setImmediate(() => act(findChecker(), stopping));
  };
  const running = await startRegistrar(read.config, pino({ level: 'info' }, { write }), { signal: stopping.signal });
  await running.stop();
}

function findChecker(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return Number(children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('catalog-check')));
}

describe('the process that checks it', () => {
  it('has none of our secrets and limits', async () => {
    let started: { command: string[]; environment: string } | undefined;
    await startsAnd((checker) => {
      const [command, environment] = ['cmdline', 'environ'].map((name) =>
        readFileSync(`/proc/${checker}/${name}`, 'utf8'),
      );
      started = { command: (command ?? '').split('\0').filter(Boolean).slice(1), environment: environment ?? '' };
    });
    expect(process.execArgv).not.toEqual([]);
    expect(started?.command).toEqual([expect.stringMatching(/catalog-check\.ts$/)]);
    expect(started?.environment).not.toContain('PATH=');
  }, 300_000);

  it('is named by the start where it is killed, as where there is no memory for it', async () => {
    await expect(startsAnd((checker) => process.kill(checker, 'SIGKILL'))).rejects.toThrow(
      /^CATALOG_FILE: what checks it ended with SIGKILL\. See that 1 GB/,
    );
  }, 300_000);

  it('ends with a start that is told to stop', async () => {
    let seen = 0;
    const stops = startsAnd((checker, stopping) => {
      seen = checker;
      stopping.abort(new Error('told to stop'));
    });
    await expect(stops).rejects.toThrow();
    await eventually('it has ended', async () => !existsSync(`/proc/${seen}`));
  }, 300_000);
});

it('is checked in a time that grows with it: 20,000 services cost less than ten times what 5,000 do', () => {
  const text = (count: number) =>
    `services:\n${services(count)
      .map(({ slug, name }) => `  - { slug: ${slug}, name: ${name} }\n`)
      .join('')}`;
  const measured = (count: number) => {
    const written = text(count);
    const begun = performance.now();
    expect(parseCatalog('catalog.yaml', written)).toMatchObject({ ok: true });
    return performance.now() - begun;
  };
  measured(5_000);
  expect(measured(20_000)).toBeLessThan(10 * measured(5_000));
});
