/**
 * A PostgreSQL of Registrar's own, where DATABASE_URL is unset: in DATA_DIR, there again after a restart, stopped with the
 * process. For a first try and for small teams; several replicas share a PostgreSQL that stands by itself.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { databaseAddress } from '../database-url.ts';
import { openSession } from '../session.ts';
import {
  EmbeddedPostgresError,
  explainServerOutput,
  lockDataDir,
  portOf,
  prepareDataDir,
  signalStop,
  stopOrphan,
} from './data-dir.ts';
import { findBinaries, initDatabaseCluster, startServer, stopServer } from './server.ts';

export type EmbeddedPostgres = { url: string; stop: () => Promise<void> };

const user = 'registrar';
const database = 'registrar';

/** Starts it, making it first where the folder is new. Rejects with an `EmbeddedPostgresError` that says what to do. */
export async function startEmbedded(dataDir: string, onLog: (line: string) => void): Promise<EmbeddedPostgres> {
  const folder = resolve(dataDir);
  const cluster = join(folder, 'postgres');
  await prepareDataDir(folder);
  const release = await lockDataDir(folder, cluster);
  let server: ChildProcess | undefined;
  try {
    await stopOrphan(cluster);
    const programs = await findBinaries(folder);
    const password = await passwordIn(folder);
    if (!existsSync(join(cluster, 'PG_VERSION'))) await initDatabaseCluster(programs, cluster, user, password);
    const port = await freePort();
    const running = await startServer(programs, cluster, port, onLog);
    server = running;
    // A process that ends without stopping it takes it along all the same.
    const takeAlong = () => signalStop(cluster);
    process.once('exit', takeAlong);
    await createOnce(addressOf(password, port, 'postgres'));
    return {
      url: addressOf(password, port),
      async stop() {
        process.removeListener('exit', takeAlong);
        await stopServer(running);
        await release();
      },
    };
  } catch (error) {
    if (server) await stopServer(server);
    await release();
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(explainServerOutput(folder, String(error)));
  }
}

/**
 * The embedded PostgreSQL for somebody who only reads: the one of the Registrar that is running, or, where none is, started
 * for as long. Rejects where the folder has no database: reading makes none.
 */
export async function openEmbedded(dataDir: string): Promise<EmbeddedPostgres> {
  const folder = resolve(dataDir);
  const cluster = join(folder, 'postgres');
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    throw new EmbeddedPostgresError(
      `There is no database in DATA_DIR ${folder}. Set DATA_DIR or DATABASE_URL to the ones that Registrar runs with.`,
    );
  }
  const port = await portOf(cluster);
  if (port === undefined) return startEmbedded(folder, () => {});
  return { url: addressOf(await passwordIn(folder), port), stop: async () => {} };
}

const addressOf = (password: string, port: number, name = database): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;

/** The database itself, also where an earlier start ended between making the cluster and making the database. */
async function createOnce(url: string): Promise<void> {
  const options = { applicationName: 'registrar', settings: {}, writes: true };
  const session = await openSession(databaseAddress(url), options);
  try {
    const found = await session.query(`select from pg_database where datname = '${database}'`);
    if (found.length === 0) await session.query(`create database ${database}`);
  } finally {
    await session.close();
  }
}

/** Made once and kept beside the data: anybody on this machine can reach the port. */
async function passwordIn(folder: string): Promise<string> {
  const file = join(folder, 'password');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known) return known;
  const password = randomBytes(24).toString('hex');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', listening);
  await promise;
  const address = probe.address();
  await new Promise((closed) => probe.close(closed));
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('No free port for PostgreSQL.');
  return address.port;
}
