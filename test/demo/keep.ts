/** Keeps a workspace, or its mail, in a file: written a moment after each change, and whole or not at all. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { codeOf, DemoError } from './demo-error.ts';

/** How long changes are gathered before they are written, in milliseconds. */
const gatherFor = 500;

/** What was kept last time; undefined the first time. */
export async function recall(file: string): Promise<string | undefined> {
  const saved = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new DemoError(`${file} cannot be read (${codeOf(error)}).`);
  });
  try {
    if (saved !== undefined) JSON.parse(saved);
    return saved;
  } catch {
    throw new DemoError(`${file} is damaged. Start over: npm run demo -- --reset`);
  }
}

type Kept = { save(): string; onChange(listener: () => void): () => void };

/** Returns what writes the last changes and ends it. */
export function keep(kept: Kept, file: string): () => Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  let soon: NodeJS.Timeout | undefined;

  /** One after another, so that an older state never replaces a newer one. */
  const write = (): Promise<void> => {
    soon = undefined;
    writing = writing.then(replace).catch((error: unknown) => {
      process.stderr.write(`${file} could not be written (${codeOf(error)}).\n`);
    });
    return writing;
  };
  // A process that is killed while it writes leaves the old file as it was.
  const replace = async (): Promise<void> => {
    await writeFile(`${file}.new`, kept.save());
    await rename(`${file}.new`, file);
  };
  const forget = kept.onChange(() => {
    soon ??= setTimeout(write, gatherFor).unref();
  });

  return () => {
    forget();
    clearTimeout(soon);
    return write();
  };
}
