/** Keeps a workspace in a file: written a moment after each change, and whole or not at all. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Workspace } from '../workspace/workspace.ts';
import { codeOf, Trouble } from './trouble.ts';

/** How long changes are gathered before they are written, in milliseconds. */
const gatherFor = 500;

/** What was kept last time; undefined the first time. */
export async function recall(file: string): Promise<string | undefined> {
  const saved = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Trouble(`${file} cannot be read (${codeOf(error)}).`);
  });
  try {
    if (saved !== undefined) JSON.parse(saved);
    return saved;
  } catch {
    throw new Trouble(`${file} is damaged. Begin anew: npm run demo -- --reset`);
  }
}

/** Returns what writes the last changes and ends it. */
export function keep(workspace: Workspace, file: string): () => Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  let soon: NodeJS.Timeout | undefined;

  /** One after another, so that an older state never replaces a newer one. */
  const write = (): Promise<void> => {
    soon = undefined;
    writing = writing.then(replace).catch((error: unknown) => {
      process.stderr.write(`The messages could not be kept (${codeOf(error)}).\n`);
    });
    return writing;
  };
  // A process that is killed while it writes leaves the old file as it was.
  const replace = async (): Promise<void> => {
    await writeFile(`${file}.new`, workspace.save());
    await rename(`${file}.new`, file);
  };
  const forget = workspace.onChange(() => {
    soon ??= setTimeout(write, gatherFor).unref();
  });

  return () => {
    forget();
    clearTimeout(soon);
    return write();
  };
}
