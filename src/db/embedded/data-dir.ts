/** The folder of the embedded PostgreSQL: whether it can be had, and by one process at a time. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Why the embedded PostgreSQL could not be started, in words for the operator. */
export class EmbeddedPostgresError extends Error {}

/** Makes the folder, and sees that PostgreSQL can enter it: it never runs as root, but as the user postgres. */
export async function prepareDataDir(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true }).catch((error) => {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder} cannot be made (${error.code}). Set DATA_DIR to a folder that can.`,
    );
  });
  if (process.getuid?.() !== 0) return;
  if (made) await chmod(folder, 0o711);
  const closed = await inaccessibleParent(folder);
  if (closed) {
    throw new EmbeddedPostgresError(
      `As root, Registrar has the user postgres run PostgreSQL, who may not enter ${closed}. Set DATA_DIR to a folder that it may enter, such as /var/lib/registrar, run Registrar as another user, or set DATABASE_URL.`,
    );
  }
}

/** The first folder on the way to a path that others may not enter. */
export async function inaccessibleParent(path: string): Promise<string | undefined> {
  const parent = dirname(path);
  const above = parent === path ? undefined : await inaccessibleParent(parent);
  const enterable = ((await stat(path)).mode & 0o001) !== 0;
  return above ?? (enterable ? undefined : path);
}

/** Takes the folder for this process. Returns what gives it back. */
export async function lockDataDir(folder: string, cluster: string): Promise<() => Promise<void>> {
  const file = join(folder, 'registrar.pid');
  const other = Number(await readFile(file, 'utf8').catch(() => ''));
  // After a crash the number may be somebody else's; a Registrar that holds the folder has its PostgreSQL running.
  if (other > 0 && other !== process.pid && alive(other) && (await runs(serverOf(cluster), cluster))) {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder} is in use by another Registrar (process ${other}). Stop it, or set DATA_DIR to another folder.`,
    );
  }
  await writeFile(file, String(process.pid)).catch((error) => {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder} cannot be written (${error.code}). Set DATA_DIR to a folder that can.`,
    );
  });
  return () => rm(file, { force: true });
}

/** Stops a PostgreSQL whose Registrar was killed and could not stop it. */
export async function stopOrphan(cluster: string): Promise<void> {
  const pid = serverOf(cluster);
  if (!(pid > 0) || !(await runs(pid, cluster))) return;
  signalStop(cluster);
  for (let waited = 0; alive(pid) && waited < 10_000; waited += 50) await pause(50);
}

/** Tells the PostgreSQL of a folder to end, without waiting for it: all that a process can do as it exits. */
export function signalStop(cluster: string): void {
  const pid = serverOf(cluster);
  if (pid > 0 && alive(pid)) process.kill(pid, 'SIGINT');
}

/** The process that PostgreSQL wrote down as its own; 0 where there is none. */
function serverOf(cluster: string): number {
  const file = join(cluster, 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
}

/** The port of the PostgreSQL that runs in a folder, as it wrote it down itself; undefined where none is ready. */
export async function portOf(cluster: string): Promise<number | undefined> {
  const [pid, , , port, , , , status] = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split(
    '\n',
  );
  const ready = status?.trim() === 'ready' && (await runs(Number(pid), cluster));
  return ready ? Number(port) : undefined;
}

/** Whether a process is the PostgreSQL of this folder: after a crash its number may be somebody else's. */
async function runs(pid: number, cluster: string): Promise<boolean> {
  const command = await commandOf(pid);
  return command.includes('postgres') && command.includes(cluster);
}

/** What a process was started with, from Linux itself or from `ps`; nothing where neither tells. */
async function commandOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    const shown = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return shown.then(({ stdout }) => stdout).catch(() => '');
  }
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** What PostgreSQL's own words mean for the operator. */
export function explainServerOutput(folder: string, output: string): string {
  if (/could not bind|address already in use/i.test(output)) {
    return 'The embedded PostgreSQL could not listen on 127.0.0.1: its port was taken. Start Registrar again, or set DATABASE_URL.';
  }
  if (/permission denied|not permitted|wrong ownership/i.test(output)) {
    return `The embedded PostgreSQL may not use DATA_DIR ${folder}. Give the folder to the user that runs Registrar, or set another.`;
  }
  if (/incompatible/i.test(output)) {
    return `DATA_DIR ${folder} was written by another version of PostgreSQL. Move it with pg_dump, or set another DATA_DIR.`;
  }
  if (/no space left/i.test(output)) return `There is no space left for DATA_DIR ${folder}.`;
  return `The embedded PostgreSQL did not start. It said:\n${output.trim().split('\n').slice(-8).join('\n')}`;
}
