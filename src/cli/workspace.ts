/** `npm run workspace`: shows which workspace a database belongs to, or releases it for another one. */
import { connect } from '../db/client.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError, sqlState } from '../db/errors.ts';
import * as workspace from '../db/workspace.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

const usage = `npm run workspace             which workspace the database belongs to
npm run workspace -- release  lets the next start take it for the workspace of its token: stop the bot first`;

/** What is asked for: to show whose the database is, or to release it. */
type Command = 'show' | 'release';

/** Reads the words of the command. Throws a `UsageError` where they are none. */
function readCommand(words: string[]): Command {
  if (words.length === 0) return 'show';
  if (words.length === 1 && words[0] === 'release') return 'release';
  throw new UsageError(usage);
}

/** Runs the command on a database. Returns its output, a line. */
export async function runWorkspaceCommand(command: Command, url: string): Promise<string> {
  const { tables, close } = connect(url);
  try {
    const kept = await workspace.find({ tables });
    if (!kept) return 'This database belongs to no workspace yet: the first start takes it.';
    if (command === 'show') return `This database belongs to ${workspace.describe(kept)}.`;
    await workspace.release({ tables });
    return `Released from ${workspace.describe(kept)}: the next start takes it for the workspace of its token.`;
  } finally {
    await close();
  }
}

/** Says in a sentence for the operator why it failed. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof EmbeddedPostgresError) return error.message;
  const code = sqlState(error) ?? '';
  if (code === '42P01') return 'This database belongs to no workspace yet: start Registrar once.';
  return databaseConfigError(error) ?? `The database cannot be read (${code || String(error)}).`;
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const run = async (): Promise<string> => {
    if (asksForHelp(args)) return usage;
    const command = readCommand(args);
    return withDatabase(readDatabase(process.env), (url) => runWorkspaceCommand(command, url));
  };
  await run().then(
    (line) => process.stdout.write(`${line}\n`),
    (error) => {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
    },
  );
}
