/** PostgreSQL, PgBouncer and nginx as Debian packages them, where they are installed: other versions, and what operators have in between. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort } from './free-port.ts';

const root = '/usr/lib/postgresql';
const version = existsSync(root)
  ? readdirSync(root).toSorted((one, other) => Number(other) - Number(one))[0]
  : undefined;
const bin = version ? join(root, version, 'bin') : '';
const pgbouncer = '/usr/sbin/pgbouncer';
const nginx = '/usr/sbin/nginx';

/** Why a test is skipped; false where all that it needs is there. */
export const withoutPostgres =
  !existsSync(join(bin, 'initdb')) && 'no PostgreSQL of Debian (apt-get install postgresql)';
export const withoutPgBouncer =
  withoutPostgres || (!existsSync(pgbouncer) && 'no PgBouncer (apt-get install pgbouncer)');

export const withoutNginx = !existsSync(nginx) && 'no nginx (apt-get install nginx-light)';

const isRoot = process.getuid?.() === 0;
const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
/** Neither of the two runs as root. */
const runAs = () => (isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {});
const own = (path: string) => void (isRoot && chownSync(path, idOf('-u'), idOf('-g')));

async function stop(child: ChildProcess, signal: NodeJS.Signals, folder: string): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  rmSync(folder, { recursive: true, force: true });
}

export type DebianPostgres = AsyncDisposable & {
  folder: string;
  port: number;
  /** As its owner, who may do everything. */
  sql: postgres.Sql;
  url: (user: string, database: string, query?: string) => string;
};

/** Starts one. `hba` are the lines of pg_hba.conf; without, everybody is let in. `files` by name are put next to its data. */
export async function startPostgres({
  hba = 'host all all all trust',
  settings = {},
  files = {},
}: {
  hba?: string;
  settings?: Record<string, string>;
  files?: Record<string, string>;
} = {}): Promise<DebianPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'registrar-debian-'));
  own(folder);
  const data = join(folder, 'data');
  const port = await freePort();
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'owner', '--auth=trust', '--encoding=UTF8', '--locale=C'], {
    ...runAs(),
    stdio: 'ignore',
  });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    own(join(data, name));
  }
  writeFileSync(join(data, 'pg_hba.conf'), `local all all trust\n${hba}\n`);
  const all = { port, unix_socket_directories: folder, listen_addresses: 'localhost', fsync: 'off', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...runAs(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(said)));
  });
  const sql = postgres({ host: folder, port, user: 'owner', database: 'postgres', max: 1, onnotice: () => {} });
  return {
    folder,
    port,
    sql,
    url: (user, database, query = '') => `postgres://${user}:secret@localhost:${port}/${database}${query}`,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 1 });
      await stop(child, 'SIGINT', folder);
    },
  };
}

export type PgBouncer = AsyncDisposable & { url: (user: string, database: string) => string };

/** Starts one before a PostgreSQL, as its package sets it up, but for what is said here. */
export async function startPgBouncer(
  server: { host: string; port: number | string; user: string; password?: string },
  settings: Record<string, string | number>,
): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'registrar-pgbouncer-'));
  const port = await freePort();
  const all = { listen_addr: '127.0.0.1', listen_port: port, auth_type: 'any', unix_socket_dir: folder, ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const file = join(folder, 'pgbouncer.ini');
  const target = Object.entries(server).map(([name, value]) => `${name}=${value}`);
  writeFileSync(file, `[databases]\n* = ${target.join(' ')}\n[pgbouncer]\n${lines.join('\n')}\n`, { mode: 0o600 });
  for (const path of [folder, file]) own(path);
  const child = spawn(pgbouncer, [file], { ...runAs(), stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  while (!said.includes('process up')) {
    if (child.exitCode !== null) throw new Error(said);
    await pause(20);
  }
  return {
    url: (user, database) => `postgres://${user}@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: () => stop(child, 'SIGKILL', folder),
  };
}

/** Starts nginx in front of a server on this machine, with the connections that its manual recommends to keep to one. */
export async function startNginx(upstream: number): Promise<AsyncDisposable & { port: number; errors: () => string }> {
  const folder = mkdtempSync(join(tmpdir(), 'registrar-nginx-'));
  const port = await freePort();
  const log = join(folder, 'error.log');
  const file = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`);
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${log} info;
    events {}
    http {
      access_log off; ${paths.join(' ')}
      upstream registrar { server 127.0.0.1:${upstream}; keepalive 8; }
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://registrar; proxy_http_version 1.1; proxy_set_header Connection ""; }
      }
    }`,
  );
  const child = spawn(nginx, ['-p', folder, '-e', log, '-c', file], { stdio: 'ignore' });
  while (!(await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8'));
    await pause(20);
  }
  return {
    port,
    errors: () => readFileSync(log, 'utf8'),
    [Symbol.asyncDispose]: () => stop(child, 'SIGTERM', folder),
  };
}
