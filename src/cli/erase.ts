/**
 * `npm run erase -- --user U…`: erases a person who asked for it, or who left: their id and the reasons that they wrote become
 * a mark, in the rows and in the record, which tells that it was done. It can run next to a bot, and only needs the variables
 * that say where the database is. docs/audit.md says what stays.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type EraseResult, erase } from '../db/audit-log/erase.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError } from '../db/errors.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

const usage = `npm run erase -- --user U… [--by U…]   replaces a person's id, and the reasons they wrote, by a mark
  --user  the Slack user ID of the person
  --by    the Slack user ID of the operator, for the record`;

const userId = z.string().regex(/^[UW][A-Z0-9]{2,20}$/);
const argumentsSchema = z.strictObject({ user: userId, by: userId.optional() });

/** Reads the arguments. Throws a `UsageError` with the usage. */
export function readArguments(args: string[]): z.infer<typeof argumentsSchema> {
  const text = { type: 'string' } as const;
  try {
    return argumentsSchema.parse(parseArgs({ args, options: { user: text, by: text } }).values);
  } catch {
    throw new UsageError(usage);
  }
}

/** Words the result: a sentence, and what to do where nothing was erased. */
export function formatEraseResult(result: EraseResult): string {
  if (!result.ok)
    return `Nothing was erased: the person still has ${result.holds.join(', ')}. Hand over the applications, decide or delete the requests, and take them out of the approvers; then run this again.`;
  const { mark, events } = result.erasure;
  if (mark === null) return 'Nothing of this person is kept.';
  return `Erased: the person is ${mark} now, in ${events} ${events === 1 ? 'event' : 'events'} of the record too. The record tells of it (npm run audit -- --record erasures).`;
}

/** Says in a sentence for the operator why it failed. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof EmbeddedPostgresError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '42P01') return 'The database is of an earlier version: start Registrar once.';
  if (code === '42501') return 'This role can’t change the record: run it as the owner of the tables.';
  return databaseConfigError(error) ?? `The database cannot be changed (${code || String(error)}).`;
}

/** Erases the person that the arguments name, and prints the result. */
async function run(args: string[]): Promise<void> {
  const { user, by = null } = readArguments(args);
  const result = await withDatabase(readDatabase(process.env), (url) => erase(url, user, by, new Date()));
  process.stdout.write(`${formatEraseResult(result)}\n`);
  if (!result.ok) process.exitCode = 1;
}

if (import.meta.main) {
  // A PostgreSQL that was started for this stops at exit, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const args = process.argv.slice(2);
  try {
    if (asksForHelp(args)) process.stdout.write(`${usage}\n`);
    else await run(args);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
