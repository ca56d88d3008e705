/**
 * The embedded PostgreSQL, used where DATABASE_URL is unset. Its data is in DATA_DIR and survives restarts; it stops with
 * the process. It is for a first try and for small teams: several replicas need a PostgreSQL of their own.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { databaseAddress } from '../connection/database-url.ts';
import { openSession } from '../connection/session.ts';
import {
  EmbeddedPostgresError,
  explainServerOutput,
  lockDataDir,
  portOf,
  prepareDataDir,
  signalStop,
  stopOrphan,
} from './data-dir.ts';
import { keepRunning } from './keep-running.ts';
import { findBinaries, initDatabaseCluster, startServer } from './server.ts';

/** A running PostgreSQL: where it is, and the function that stops it if this process started it. */
export type EmbeddedPostgres = { url: string; stop: () => Promise<void> };

const user = 'registrar';
const database = 'registrar';

/**
 * Starts the embedded PostgreSQL, creating it in a new directory. Rejects with an `EmbeddedPostgresError`. A server that
 * dies is started again at the same address; `onLost` is called where that fails, and the address is no longer served.
 */
export async function startEmbedded(
  dataDir: string,
  onLog: (line: string) => void,
  onLost: (error: Error) => void = () => {},
): Promise<EmbeddedPostgres> {
  const folder = resolve(dataDir);
  const cluster = join(folder, 'postgres');
  await prepareDataDir(folder);
  const release = await lockDataDir(folder, cluster);
  let stopRunning: (() => Promise<void>) | undefined;
  try {
    await stopOrphan(cluster);
    const binaries = await findBinaries(folder);
    const password = await readPassword(folder);
    if (!existsSync(join(cluster, 'PG_VERSION'))) await initDatabaseCluster(binaries, cluster, user, password);
    const port = await freePort();
    const stopServer = await keepRunning(
      () => startServer(binaries, cluster, port, onLog),
      (error) => onLost(new EmbeddedPostgresError(explainServerOutput(folder, String(error)))),
    );
    stopRunning = stopServer;
    // For a process that exits without calling stop().
    const stopOnExit = () => signalStop(cluster);
    process.once('exit', stopOnExit);
    await createDatabase(connectionUrl(password, port, 'postgres'));
    return {
      url: connectionUrl(password, port),
      async stop() {
        process.removeListener('exit', stopOnExit);
        await stopServer();
        await release();
      },
    };
  } catch (error) {
    await stopRunning?.();
    await release();
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(explainServerOutput(folder, String(error)));
  }
}

/**
 * Opens the embedded PostgreSQL for a command-line tool: that of the running Registrar or, where none is running, one that
 * is started until `stop`. Rejects where the directory has no database: a tool creates none.
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
  return { url: connectionUrl(await readPassword(folder), port), stop: async () => {} };
}

const connectionUrl = (password: string, port: number, name = database): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;

/** Creates the database if it is missing: in a new cluster, or after a start that crashed before this step. */
async function createDatabase(url: string): Promise<void> {
  const options = { applicationName: 'registrar', settings: {}, writes: true };
  const session = await openSession(databaseAddress(url), options);
  try {
    const found = await session.query(`select from pg_database where datname = '${database}'`);
    if (found.length === 0) await session.query(`create database ${database}`);
  } finally {
    await session.close();
  }
}

/** Reads the password, or creates it: without one, every user of this machine could connect to the port. */
async function readPassword(folder: string): Promise<string> {
  const file = join(folder, 'password');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known) return known;
  const password = randomBytes(24).toString('hex');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

/** Finds a free port on 127.0.0.1. */
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
