/** One PostgreSQL for all tests, started before them and stopped after; each test file copies its migrated template. */
import { rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../../src/db/embedded/embedded.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's own database, from which others are made. */
    postgres: string;
    /** A folder that is removed after the tests. */
    scratch: string;
  }
}

export const template = 'template_registrar';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = join(await quickest(), `registrar-test-${process.pid}`);
  const first = await startEmbedded(folder, () => {});
  const settings = postgres(first.url, { max: 1, onnotice: () => {} });
  // What is lost when the machine fails is lost; the tests are about what survives a process.
  await settings`alter system set fsync = off`;
  await settings`alter system set synchronous_commit = off`;
  await settings`alter system set jit = off`;
  // Thousands of connections are opened, and each would derive a key from the password 4096 times, at both ends.
  await settings`set scram_iterations = 1`;
  await settings.unsafe(`alter role current_user password '${new URL(first.url).password}'`);
  // The kernel copies the files of a database: a fifth of the work. Not every system can.
  await settings`alter system set file_copy_method = 'clone'`.catch(() => {});
  // Databases here live for seconds.
  await settings`alter system set autovacuum = off`;
  // Each bot of each test that runs at the same time holds about ten; this one is only read at a start.
  await settings`alter system set max_connections = 400`;
  await settings.end();
  await first.stop();
  const server = await startEmbedded(folder, () => {});
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  await client.unsafe(`create database ${template}`);
  await client.end();

  const url = databaseUrl(server.url, template);
  await migrateDatabase(url);
  project.provide('postgres', server.url);
  project.provide('scratch', folder);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/**
 * Finds where the files of PostgreSQL are quickest to create and to remove: memory, where there is enough of it (a container
 * often has 64 MB, for which a run is too large). Making a database there costs an eighth of what it costs on a disk.
 */
async function quickest(): Promise<string> {
  const memory = await statfs('/dev/shm').catch(() => undefined);
  return memory && memory.bavail * memory.bsize > 4 * 2 ** 30 ? '/dev/shm' : tmpdir();
}

export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
