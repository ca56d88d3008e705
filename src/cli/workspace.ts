/** `npm run workspace`: shows which workspace a database belongs to, or releases it for another one. */
import { connect } from '../db/client.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError, sqlState } from '../db/errors.ts';
import * as workspace from '../db/workspace.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

const usage = `npm run workspace             which workspace the database belongs to
npm run workspace -- release  lets the next start take it for the workspace of its token: stop the bot first`;

/** Runs the command on a database. Returns its output, a line. */
export async function runWorkspaceCommand(words: string[], url: string): Promise<string> {
  const [command, ...more] = words;
  if (more.length > 0 || (command !== undefined && command !== 'release')) throw new UsageError(usage);
  const { tables, close } = connect(url);
  try {
    const kept = await workspace.find({ tables });
    if (!kept) return 'This database belongs to no workspace yet: the first start takes it.';
    if (command === undefined) return `This database belongs to ${workspace.describe(kept)}.`;
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
  const output = asksForHelp(args)
    ? Promise.resolve(usage)
    : withDatabase(readDatabase(process.env), (url) => runWorkspaceCommand(args, url));
  await output.then(
    (line) => process.stdout.write(`${line}\n`),
    (error) => {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
    },
  );
}
