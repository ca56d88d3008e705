/** The database of a command-line tool. */
import { readDatabaseConfig } from '../config.ts';
import { openEmbedded } from '../db/embedded/embedded.ts';
import { UsageError } from './usage-error.ts';

type DatabaseConfig = { DATABASE_URL?: string | undefined; DATA_DIR: string };

/** Reads where the database is from the environment. Throws a `UsageError` with what is wrong there. */
export function readDatabase(env: Record<string, string | undefined>): DatabaseConfig {
  const read = readDatabaseConfig(env);
  if (read.ok) return read.database;
  throw new UsageError(read.mistakes.map(({ variable, expected }) => `${variable}: ${expected}`).join('; '));
}

/** Runs work on the database, given its URL. An embedded PostgreSQL that is not running is started for it. */
export async function withDatabase<T>(
  { DATABASE_URL: url, DATA_DIR: folder }: DatabaseConfig,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (url) return work(url);
  const embedded = await openEmbedded(folder);
  try {
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}
