/** Where a demo keeps what it must not forget, and how that is thrown away. */
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError, lockDataDir, stopOrphan } from '../../src/db/embedded/data-dir.ts';
import { DemoError } from './demo-error.ts';

export const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What may be entered by everybody and is written by us alone. */
const enterable = 0o755;

const asRoot = process.getuid?.() === 0;

/**
 * `.data/demo` in the project. Where root runs the demo, PostgreSQL runs as the user postgres, whom home folders keep out:
 * then a folder for temporary files, named after the project, so that it is found again.
 */
export async function demoFolder(): Promise<{ folder: string; elsewhere: boolean }> {
  const elsewhere = asRoot && !(await openToAll(project));
  const folder = elsewhere
    ? join(tmpdir(), `registrar-demo${project.replaceAll(/[^\w.-]+/g, '-')}`)
    : join(project, '.data', 'demo');
  await mkdir(folder, { recursive: true });
  if (asRoot) await letPostgresIn(folder, elsewhere ? [folder] : [folder, dirname(folder)]);
  return { folder, elsewhere };
}

/** Lets PostgreSQL in whatever the umask is, and refuses a folder of another user. */
async function letPostgresIn(folder: string, ours: string[]): Promise<void> {
  if ((await stat(folder)).uid !== process.getuid?.()) {
    throw new DemoError(`${folder} belongs to another user. Remove it, or run the demo as another user.`);
  }
  for (const path of ours) await chmod(path, enterable);
}

async function openToAll(path: string): Promise<boolean> {
  const parent = dirname(path);
  if (parent !== path && !(await openToAll(parent))) return false;
  return ((await stat(path)).mode & 0o001) !== 0;
}

/** Takes the folder, so that no other demo uses or empties it. The bot makes the same claim, and gives it back. */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  return lockDataDir(folder, join(folder, 'postgres')).catch((error: unknown) => {
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    const other = /process \d+/.exec(error.message);
    throw new DemoError(
      other ? `The demo runs already (${other[0]}). Open its page, or stop it first.` : error.message,
    );
  });
}

/** Forgets everything. Only of a folder that has been claimed. */
export async function emptyFolder(folder: string): Promise<void> {
  await stopOrphan(join(folder, 'postgres'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: enterable });
}

/** A folder for one run, gone afterwards. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'registrar-tour-'));
  if (asRoot) await chmod(path, enterable);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
