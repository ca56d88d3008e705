/** The embedded PostgreSQL: there again after a restart, gone with its process, clear about what it cannot have. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, describe, expect, it } from 'vitest';
import { explainServerOutput } from '../../src/db/embedded/data-dir.ts';
import { startEmbedded } from '../../src/db/embedded/embedded.ts';

const folder = join(tmpdir(), `registrar-embedded-${process.pid}`);
afterAll(() => rm(folder, { recursive: true, force: true }));

const silent = () => {};

/** A process that starts the server in the folder, and says where; then it waits to be ended. */
async function program(): Promise<{ child: ChildProcess; url: string }> {
  const source = `
    import { startEmbedded } from '${new URL('../../src/db/embedded/embedded.ts', import.meta.url).href}';
    const { url } = await startEmbedded('${folder}', () => {});
    process.stdout.write(url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await once(child.stdout, 'data');
  return { child, url: String(url) };
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
  second.child.kill('SIGKILL');
  await once(second.child, 'exit');

  const third = await startEmbedded(folder, silent);
  expect(await write(third.url)).toBe(3);
  await third.stop();
  await expect(postgres(third.url, { max: 1, connect_timeout: 1 })`select 1`).rejects.toThrow(/ECONNREFUSED/);
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
    await expect(startEmbedded(join(closed, 'data'), silent)).rejects.toThrow(`may not enter ${closed}. Set DATA_DIR`);
    await rm(closed, { recursive: true });
  });

  it.each([
    ['could not bind IPv4 address "127.0.0.1": Address already in use', /port was taken/],
    ['initdb: error: could not access directory: Permission denied', /may not use DATA_DIR/],
    ['FATAL: database files are incompatible with server', /another version of PostgreSQL/],
    ['FATAL: could not write: No space left on device', /no space left/],
    ['FATAL: something new', /It said:\nFATAL: something new/],
  ])('%s is put into words', (output, words) => expect(explainServerOutput(folder, output)).toMatch(words));
});
