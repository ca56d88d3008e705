/**
 * `npm run restored`: says that the database was restored from a copy, so that nothing is posted twice and no card decides that shows
 * what is forgotten. A start notices by itself only that the copy is in another database (docs/operations.md).
 */
import { connect } from '../db/client.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError, sqlState } from '../db/errors.ts';
import { recordRestore } from '../db/restore.ts';
import { counted } from '../domain/text.ts';
import { readDatabase, withDatabase } from './database.ts';
import { answersOptions } from './usage-error.ts';

const usage = 'npm run restored   says that the database was restored from a copy: stop the bot first';

/** Runs the command on a database. Returns its output, a line. Throws where nothing may be marked. */
export async function runRestored(url: string): Promise<string> {
  const { tables, close } = connect(url);
  try {
    const marked = await recordRestore(url, { tables });
    if (!marked) throw new ReplicaRuns();
    return (
      `Marked ${counted(marked.jobs, 'message')} in the outbox, to look for in Slack before posting, and ` +
      `${counted(marked.cards, 'card')}, to update before the buttons decide. Start Registrar now.`
    );
  } finally {
    await close();
  }
}

/** A replica may be posting what would be looked for. */
class ReplicaRuns extends Error {}

/** Says in a sentence for the operator why it failed. */
export function explain(error: unknown): string {
  if (error instanceof EmbeddedPostgresError) return error.message;
  if (error instanceof ReplicaRuns)
    return 'Nothing was marked: Registrar runs on this database. Stop every replica, then run this again.';
  const code = sqlState(error) ?? '';
  if (code === '42P01' || code === '42703')
    return 'Nothing was marked: the copy is of an earlier version. Run npm run migrate, then this again.';
  return databaseConfigError(error) ?? `The database cannot be changed (${code || String(error)}).`;
}

if (import.meta.main && !answersOptions(process.argv.slice(2), usage)) {
  await withDatabase(readDatabase(process.env), runRestored).then(
    (line) => process.stdout.write(`${line}\n`),
    (error) => {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
    },
  );
}
