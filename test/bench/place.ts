/** Where the bench happens: a PostgreSQL with its normal, durable settings, and processes that are measured. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import manifest from '../../package.json' with { type: 'json' };
import { startEmbedded } from '../../src/db/embedded/embedded.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { databaseUrl } from '../support/postgres.ts';
import { secret } from './load.ts';

const template = 'template_registrar';

export type Database = { url: string; sql: postgres.Sql };

export type Place = AsyncDisposable & {
  /** A migrated, empty database. */
  database(): Promise<Database>;
};

export async function openPlace(): Promise<Place> {
  const folder = join(tmpdir(), `registrar-bench-${process.pid}`);
  const server = await startEmbedded(folder, () => {});
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${template}`);
  const url = databaseUrl(server.url, template);
  await migrateDatabase(url);
  const open: postgres.Sql[] = [];
  let count = 0;
  return {
    async database() {
      count += 1;
      const name = `bench_${count}`;
      await admin.unsafe(`create database ${name} template ${template}`);
      const mine = databaseUrl(server.url, name);
      const sql = postgres(mine, { max: 2, onnotice: () => {} });
      open.push(sql);
      return { url: mine, sql };
    },
    async [Symbol.asyncDispose]() {
      for (const sql of [...open, admin]) await sql.end({ timeout: 1 });
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A process that is measured. */
export type Measurable = AsyncDisposable & {
  port: number;
  pid: number;
  /** From its start until it said that it is ready, in milliseconds. */
  startedIn: number;
};

/** What Node is started with: for the bot, as `npm start` says. */
const programs = {
  bot: [...optionsOf(manifest.scripts.start), fileURLToPath(new URL('../../src/main.ts', import.meta.url))],
  bare: [fileURLToPath(new URL('bare.ts', import.meta.url))],
};

function optionsOf(script: string): string[] {
  return script.split(' ').filter((word) => word.startsWith('--'));
}

export type Slack = { apiUrl: string };

/** What runs: nothing of it outlives the bench, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The bot, as `npm start` runs it in HTTP mode. */
export const startBot = (slack: Slack, database: Database, env: Record<string, string> = {}): Promise<Measurable> =>
  start('bot', slack, { DATABASE_URL: database.url, ADMIN_CHANNEL: 'C0REQUESTS', LOG_LEVEL: 'info', ...env });

/** A bare Bolt app: a baseline. */
export const startBare = (slack: Slack, env: Record<string, string> = {}): Promise<Measurable> =>
  start('bare', slack, env);

async function start(program: keyof typeof programs, slack: Slack, env: Record<string, string>): Promise<Measurable> {
  const began = performance.now();
  const child = spawn(process.execPath, programs[program], {
    env: {
      PATH: process.env.PATH ?? '',
      SLACK_BOT_TOKEN: 'xoxb-local-workspace',
      SLACK_SIGNING_SECRET: secret,
      SLACK_API_URL: slack.apiUrl,
      HOST: '127.0.0.1',
      PORT: '0',
      // A few people act for a whole company here.
      MAX_ACTS_PER_PERSON: '100000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const port = await portOf(child);
  const startedIn = performance.now() - began;
  return {
    port,
    pid: child.pid ?? 0,
    startedIn,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Reads on afterwards, so that a full pipe does not hold the process up. */
function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const said: string[] = [];
  if (!child.stdout) throw new Error('the process has no output');
  createInterface(child.stdout).on('line', (line) => {
    said.push(line);
    if (line.includes('is ready')) resolve(JSON.parse(line).port);
    else if (line.includes('"level":50')) process.stderr.write(`${line}\n`);
  });
  child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${said.join('\n')}`)));
  return promise;
}

/** What a process has in memory, in bytes (Linux). */
export async function memoryOf({ pid }: Measurable): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** The processor time that a process has used, in seconds (Linux: in hundredths, user and system). */
export async function processorTimeOf(pid: number): Promise<number> {
  const [, rest = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
