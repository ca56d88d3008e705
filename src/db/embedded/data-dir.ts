/** The data directory of the embedded PostgreSQL: prepares it, and locks it for one process. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Why the embedded PostgreSQL could not start: a message for the operator, with what to do. */
export class EmbeddedPostgresError extends Error {}

/**
 * Creates the data directory and checks that PostgreSQL can enter it. Where Registrar runs as root, the user postgres runs
 * PostgreSQL, which refuses to run as root. Rejects with an `EmbeddedPostgresError`.
 */
export async function prepareDataDir(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true }).catch((error) => {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder} cannot be made (${error.code}). Set DATA_DIR to a folder that can.`,
    );
  });
  if (process.getuid?.() !== 0) return;
  if (made) await chmod(folder, 0o711);
  const inaccessible = await inaccessibleParent(folder);
  if (inaccessible) {
    throw new EmbeddedPostgresError(
      `As root, Registrar has the user postgres run PostgreSQL, who cannot enter ${inaccessible}. Set DATA_DIR to a folder that it can enter, such as /var/lib/registrar, run Registrar as another user, or set DATABASE_URL.`,
    );
  }
}

/** Finds the first folder on the way to a path that other users may not enter; undefined where there is none. */
export async function inaccessibleParent(path: string): Promise<string | undefined> {
  const parent = dirname(path);
  const above = parent === path ? undefined : await inaccessibleParent(parent);
  const enterable = ((await stat(path)).mode & 0o001) !== 0;
  return above ?? (enterable ? undefined : path);
}

/** The locks of this process. A lock ends with its `DatabaseSync`, which must not be collected as garbage before. */
const locks = new Set<DatabaseSync>();

/**
 * Locks the data directory for this process, and returns the function that releases it. Rejects where another has it. The
 * lock is one that the kernel keeps on a file (SQLite takes it; Node has no call for it): it ends with its process, and
 * holds across containers, where process ids mean nothing. A process that is refused has changed nothing in the directory.
 */
export async function lockDataDir(folder: string, cluster: string): Promise<() => Promise<void>> {
  const note = join(folder, 'registrar.pid');
  const holder = await readFile(note, 'utf8').catch(() => '');
  const inUse = () =>
    new EmbeddedPostgresError(
      `DATA_DIR ${folder} is in use by another Registrar (process ${holder.trim() || 'unknown'}). Stop it, or set DATA_DIR to another folder.`,
    );
  const notWritable = (error: Error & { code?: string }) =>
    new EmbeddedPostgresError(
      `DATA_DIR ${folder} cannot be written (${error.code}). Set DATA_DIR to a folder that can.`,
    );
  const file = join(folder, 'registrar.lock');
  // SQLite would not say why it cannot open a file.
  await open(file, 'a').then(
    (opened) => opened.close(),
    (error) => Promise.reject(notWritable(error)),
  );
  const lock = new DatabaseSync(file);
  try {
    lock.exec('begin exclusive');
  } catch {
    lock.close();
    throw inUse();
  }
  locks.add(lock);
  const unlock = () => {
    if (locks.delete(lock)) lock.close();
  };
  try {
    // Versions before the lock only noted their process, without a line break after it.
    const other = holder.endsWith('\n') ? 0 : Number(holder);
    if (other > 0 && other !== process.pid && isAlive(other) && (await runsCluster(serverPid(cluster), cluster)))
      throw inUse();
    await writeFile(note, `${process.pid}\n`).catch((error) => Promise.reject(notWritable(error)));
  } catch (error) {
    unlock();
    throw error;
  }
  return async () => {
    await rm(note, { force: true });
    unlock();
  };
}

/**
 * Stops a PostgreSQL that outlived its Registrar because that was killed. Waits for it, at most 10 seconds. Rejects where
 * it runs in another container, out of reach.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  const pid = serverPid(cluster);
  if (!(pid > 0)) return;
  if (!(await runsCluster(pid, cluster))) {
    if (!(await answersOnSocket(cluster))) return;
    throw new EmbeddedPostgresError(
      `A PostgreSQL of another container still runs in ${cluster}. Stop that container, or set DATA_DIR to another folder.`,
    );
  }
  signalStop(cluster);
  for (let waited = 0; isAlive(pid) && waited < 10_000; waited += 50) await pause(50);
}

/**
 * Says whether a PostgreSQL listens on the socket in its cluster's folder: the kernel answers that for all its containers.
 * Linux only, where containers are; its way around the 107 characters of a socket's path is Linux's own too.
 */
async function answersOnSocket(cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const port = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[3];
  const folder = await open(cluster);
  const socket = connect(`/proc/self/fd/${folder.fd}/.s.PGSQL.${port}`);
  try {
    return await once(socket, 'connect').then(
      () => true,
      () => false,
    );
  } finally {
    socket.destroy();
    await folder.close();
  }
}

/** Signals the PostgreSQL of a cluster to stop, without waiting: a process that exits can do no more. */
export function signalStop(cluster: string): void {
  const pid = serverPid(cluster);
  if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGINT');
}

/** Reads the process id of a cluster's PostgreSQL; 0 where there is none. */
function serverPid(cluster: string): number {
  const file = join(cluster, 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
}

/** Reads the port of the PostgreSQL that runs a cluster; undefined where none is ready. */
export async function portOf(cluster: string): Promise<number | undefined> {
  const [pid, , , port, , , , status] = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split(
    '\n',
  );
  const ready = status?.trim() === 'ready' && (await runsCluster(Number(pid), cluster));
  return ready ? Number(port) : undefined;
}

/** Says whether a process is the PostgreSQL of a cluster. After a crash, its id may be that of another program. */
async function runsCluster(pid: number, cluster: string): Promise<boolean> {
  const command = await commandOf(pid);
  return command.includes('postgres') && command.includes(cluster);
}

/** Reads the command line of a process, from /proc or from `ps`; '' where there is none. */
async function commandOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    const shown = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return shown.then(({ stdout }) => stdout).catch(() => '');
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Explains the output of a PostgreSQL that did not start, with what the operator can do. */
export function explainServerOutput(folder: string, output: string): string {
  if (/could not bind|address already in use/i.test(output)) {
    return 'The embedded PostgreSQL could not listen on 127.0.0.1: its port was taken. Start Registrar again, or set DATABASE_URL.';
  }
  if (/permission denied|not permitted|wrong ownership/i.test(output)) {
    return `The embedded PostgreSQL cannot use DATA_DIR ${folder}. Give the folder to the user that runs Registrar, or set another.`;
  }
  if (/incompatible/i.test(output)) {
    return `DATA_DIR ${folder} was written by another version of PostgreSQL. Move it with pg_dump, or set another DATA_DIR.`;
  }
  if (/no space left/i.test(output)) return `There is no space left for DATA_DIR ${folder}.`;
  return `The embedded PostgreSQL did not start. It said:\n${output.trim().split('\n').slice(-8).join('\n')}`;
}
