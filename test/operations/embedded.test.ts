/** The embedded PostgreSQL: there again after a restart, gone with its process, clear about what it cannot have. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { explainServerOutput } from '../../src/db/embedded/data-dir.ts';
import { startEmbedded } from '../../src/db/embedded/embedded.ts';
import { keepRunning } from '../../src/db/embedded/keep-running.ts';

const folder = join(tmpdir(), `registrar-embedded-${process.pid}`);
afterAll(() => rm(folder, { recursive: true, force: true }));

const silent = () => {};

/** A process that starts the server in a folder, and says where, or why not; then it waits to be ended. */
async function program(
  where = folder,
  { env = process.env, within = [] }: { env?: NodeJS.ProcessEnv; within?: string[] } = {},
): Promise<{ child: ChildProcess; url: string }> {
  const source = `
    import { startEmbedded } from '${new URL('../../src/db/embedded/embedded.ts', import.meta.url).href}';
    const server = await startEmbedded('${where}', () => {}).catch((error) => ({ url: String(error), stop: async () => {} }));
    process.once('SIGTERM', () => server.stop().then(() => process.exit()));
    process.stdout.write(server.url);
    setInterval(() => {}, 1000);`;
  const [command = '', ...parameters] = [...within, process.execPath, '--input-type=module', '-e', source];
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [url] = await once(child.stdout, 'data');
  return { child, url: String(url) };
}

async function end({ child }: { child: ChildProcess }, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  child.kill(signal);
  await once(child, 'exit');
}

/** Runs a program as in a container of its own: no process outside of it can be seen. Of this, only root is sure. */
const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const hasContainers = process.getuid?.() === 0 && spawnSync('unshare', [...container.slice(1), 'true']).status === 0;

/** The processes of a server, by its data directory; the first is the one that the others belong to. */
async function serverPid(where: string): Promise<number> {
  return Number((await readFile(join(where, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function write(url: string): Promise<number> {
  const sql = postgres(url, { max: 1, onnotice: silent });
  await sql`create table if not exists kept (at timestamptz)`;
  await sql`insert into kept values (now())`;
  const [{ count } = {}] = await sql`select count(*)::int from kept`;
  await sql.end();
  return count;
}

it('keeps its data over a restart, also after its process was killed, and admits one process at a time', async () => {
  const first = await startEmbedded(folder, silent);
  expect(await write(first.url)).toBe(1);
  await first.stop();
  // A machine that failed leaves a number behind that may be another process's by now.
  await writeFile(join(folder, 'registrar.pid'), String(process.ppid));

  const second = await program();
  expect(await write(second.url)).toBe(2);
  await expect(startEmbedded(folder, silent)).rejects.toThrow(
    `in use by another Registrar (process ${second.child.pid})`,
  );
  await end(second);

  const third = await startEmbedded(folder, silent);
  expect(await write(third.url)).toBe(3);
  await third.stop();
  await expect(postgres(third.url, { max: 1, connect_timeout: 1 })`select 1`).rejects.toThrow(/ECONNREFUSED/);
});

it('is the database of one process where several start at once in a new folder', async () => {
  const where = `${folder}-race`;
  const programs = await Promise.all([1, 2, 3].map(() => program(where)));
  const running = programs.filter(({ url }) => url.startsWith('postgres://'));
  const refused = programs.filter(({ url }) => /DATA_DIR .* is in use by another Registrar/.test(url));
  expect([running.length, refused.length]).toEqual([1, 2]);
  for (const one of refused) await end(one);
  // The losers have taken nothing away.
  expect(await write(running[0]?.url ?? '')).toBe(1);
  await expect(startEmbedded(where, silent)).rejects.toThrow('in use by another Registrar');
  for (const one of running) await end(one, 'SIGTERM');
  await rm(where, { recursive: true });
});

it.runIf(hasContainers)(
  'is the database of one container, also while its process is gone and its server is not',
  async () => {
    const where = `${folder}-containers`;
    const first = await program(where, { within: container });
    expect(await write(first.url)).toBe(1);
    const second = await program(where, { within: container });
    expect(second.url).toMatch(/DATA_DIR .* is in use by another Registrar/);
    await end(second);
    await end(first);

    // The program of a container is killed, and the container lives on with the server.
    const third = await program(where, { within: [...container, 'sh', '-c', '"$@"; sleep 1000', 'sh'] });
    expect(await write(third.url)).toBe(2);
    const inside = spawnSync('pgrep', ['-f', '--', `input-type=module.*${where}`])
      .stdout.toString()
      .trim()
      .split('\n');
    const [innermost] = inside.map(Number).sort((one, other) => other - one);
    process.kill(innermost ?? 0, 'SIGKILL');
    await vi.waitUntil(() => !existsSync(`/proc/${innermost}`), { timeout: 20_000 });
    const refused = await program(where, { within: container });
    expect(refused.url).toMatch(/A PostgreSQL of another container still runs/);
    await end(refused);
    await end(third);
    // The kernel ends the container's processes in its own time.
    const fourth = await vi.waitFor(() => startEmbedded(where, silent), { timeout: 20_000 });
    expect(await write(fourth.url)).toBe(3);
    await fourth.stop();
    await rm(where, { recursive: true });
  },
);

describe('a server that dies', () => {
  it('is started again at the same address', async () => {
    const where = `${folder}-dies`;
    const server = await startEmbedded(where, silent);
    expect(await write(server.url)).toBe(1);
    process.kill(await serverPid(where), 'SIGKILL');
    await expect.poll(() => write(server.url).catch(() => 0), { timeout: 30_000 }).toBe(2);
    await server.stop();
    await expect(postgres(server.url, { max: 1, connect_timeout: 1 })`select 1`).rejects.toThrow(/ECONNREFUSED/);
    await rm(where, { recursive: true });
  });

  it('ends the bot, where it cannot be started again', async () => {
    const lost = Promise.withResolvers<unknown>();
    let starts = 0;
    const stop = await keepRunning(
      async () => {
        starts += 1;
        if (starts > 1) throw new Error('no space left');
        return spawn('sleep', ['1000']).on('spawn', function (this: ChildProcess) {
          this.kill('SIGKILL');
        });
      },
      lost.resolve,
      1,
    );
    expect(String(await lost.promise)).toMatch('no space left');
    expect(starts).toBe(11);
    await stop();
  });
});

it.runIf(process.platform === 'linux')('has no secret of ours, and what it says is not kept', async () => {
  const where = `${folder}-secrets`;
  const secrets = { SLACK_BOT_TOKEN: 'xoxb-secret', GATEWAY_EDGE_TOKEN: 'secret', PGPORT: '1' };
  const running = await program(where, { env: { ...process.env, ...secrets } });
  const seen = await readFile(`/proc/${await serverPid(where)}/environ`, 'utf8');
  expect(seen).toMatch(/^PATH=/);
  expect(seen).not.toMatch(/secret|PGPORT/);
  await end(running, 'SIGTERM');
  await rm(where, { recursive: true });
});

describe('a folder that cannot be used', () => {
  it('is named where it cannot be created', async () => {
    const file = `${folder}-file`;
    await writeFile(file, '');
    await expect(startEmbedded(join(file, 'data'), silent)).rejects.toThrow(/DATA_DIR .* cannot be made \(ENOTDIR\)/);
    await rm(file);
  });

  it.runIf(process.getuid?.() === 0)('is named, where root may enter it and PostgreSQL may not', async () => {
    const closed = `${folder}-closed`;
    await mkdir(closed, { recursive: true });
    await chmod(closed, 0o700);
    await expect(startEmbedded(join(closed, 'data'), silent)).rejects.toThrow(`cannot enter ${closed}. Set DATA_DIR`);
    await rm(closed, { recursive: true });
  });

  it.each([
    ['could not bind IPv4 address "127.0.0.1": Address already in use', /port was taken/],
    ['initdb: error: could not access directory: Permission denied', /cannot use DATA_DIR/],
    ['FATAL: database files are incompatible with server', /another version of PostgreSQL/],
    ['FATAL: could not write: No space left on device', /no space left/],
    ['FATAL: something new', /It said:\nFATAL: something new/],
  ])('%s is put into words', (output, words) => expect(explainServerOutput(folder, output)).toMatch(words));
});
