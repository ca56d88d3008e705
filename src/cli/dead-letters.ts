/**
 * `npm run outbox`: lists dead letters, and puts them back into the outbox. A running bot then delivers them. It only needs
 * the variables that say where the database is.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { connect } from '../db/client.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError } from '../db/errors.ts';
import { count, type DeadLetter, list } from '../db/outbox/dead-letters.ts';
import { redriveAll } from '../db/outbox/redrive.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

const usage = `npm run outbox -- list [--limit 100]              lists what could not be delivered, oldest first
npm run outbox -- redrive [--place C…] [--why …]  retries it: all of it, or what has this place or cause`;

const commandSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('list'), limit: z.coerce.number().int().min(1).max(100_000).default(100) }),
  z.strictObject({ command: z.literal('redrive'), place: z.string().optional(), why: z.string().optional() }),
]);

export type DeadLetterCommand = z.infer<typeof commandSchema>;

/** Reads the arguments. Throws a `UsageError` with the usage. */
export function parseDeadLetterCommand(args: string[]): DeadLetterCommand {
  const text = { type: 'string' } as const;
  try {
    const options = { limit: text, place: text, why: text };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [command, ...more] = positionals;
    if (more.length === 0) return commandSchema.parse({ command, ...values });
  } catch {
    // The usage says what is right, whatever is wrong.
  }
  throw new UsageError(usage);
}

/** Runs a command on a database. Returns its output, in lines. */
export async function runDeadLetterCommand(command: DeadLetterCommand, url: string): Promise<string> {
  const { tables, close } = connect(url);
  try {
    if (command.command === 'list') {
      const letters = await list({ tables }, command.limit);
      const rest = (await count({ tables })) - letters.length;
      if (letters.length === 0) return 'Everything was delivered, or is on its way: there are no dead letters.';
      return [...letters.map(formatLetter), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
    }
    const redriven = await redriveAll({ tables }, { destination: command.place, cause: command.why });
    return redriven === 1 ? '1 message will be retried.' : `${redriven} messages will be retried.`;
  } finally {
    await close();
  }
}

const formatLetter = ({ deadAt, kind, registration, destination, cause, enqueuedAt }: DeadLetter): string =>
  [
    deadAt.toISOString(),
    kind + (registration === null ? '' : ` of registration ${registration}`),
    `to ${destination}`,
    `because of ${cause}`,
    `since ${enqueuedAt.toISOString()}`,
  ].join('  ');

async function run(): Promise<void> {
  if (asksForHelp(process.argv)) return void process.stdout.write(`${usage}\n`);
  const command = parseDeadLetterCommand(process.argv.slice(2));
  const output = await withDatabase(readDatabase(process.env), (url) => runDeadLetterCommand(command, url));
  process.stdout.write(`${output}\n`);
}

/** Says in a sentence for the operator why it failed. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof EmbeddedPostgresError) return error.message;
  const cause = error instanceof Error && error.cause ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === '42P01' || code === '3F000') return 'There is no outbox in this database yet: start Registrar once.';
  return databaseConfigError(error) ?? `The database cannot be read (${code || String(error)}).`;
}

if (import.meta.main) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await run().catch((error) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  });
}
