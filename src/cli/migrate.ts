/**
 * `npm run migrate`: applies the migrations and takes over the outbox of version 0.1, as a start does, and ends. For where the bot runs as a role that may not: the
 * owner of the tables runs this before each upgrade, with a DATABASE_URL of its own.
 */
import { readDatabaseConfig } from '../config.ts';
import { connect } from '../db/client.ts';
import { noLimits } from '../db/connection/settings.ts';
import { databaseConfigError, sqlState } from '../db/errors.ts';
import { migrateDatabase } from '../db/migrate.ts';
import { takeOverPgBoss } from '../db/outbox/pg-boss.ts';
import { answersOptions } from './usage-error.ts';

const usage = 'npm run migrate   brings the database at DATABASE_URL up to this version';

/** Runs the program. Returns its output, a line, and its exit code. */
async function migrate(env: Record<string, string | undefined>): Promise<{ line: string; code: number }> {
  const failed = (line: string) => ({ line, code: 1 });
  const read = readDatabaseConfig(env);
  if (!read.ok) return failed(read.mistakes.map(({ variable, expected }) => `${variable}: ${expected}`).join('; '));
  const { DATABASE_URL: url } = read.database;
  if (!url) return failed('DATABASE_URL is not set: the embedded database is migrated by npm start.');
  try {
    await migrateDatabase(url);
    const { tables, close } = connect(url, noLimits);
    await takeOverPgBoss({ tables }).finally(close);
    return { line: 'The database is up to date.', code: 0 };
  } catch (error) {
    return failed(databaseConfigError(error) ?? `The database is not reachable (${sqlState(error) ?? String(error)}).`);
  }
}

if (import.meta.main && !answersOptions(process.argv.slice(2), usage)) {
  const { line, code } = await migrate(process.env);
  (code === 0 ? process.stdout : process.stderr).write(`${line}\n`);
  process.exitCode = code;
}
