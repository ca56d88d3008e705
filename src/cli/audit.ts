/**
 * `npm run audit`: a whole record on standard output, as CSV or JSON lines, oldest first; with `--verify`, whether all of
 * them are as they were written. It streams, so its length does not matter, and reads beside a running bot; of the
 * environment it needs only where the database is.
 */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readDatabaseConfig } from '../config.ts';
import { verify } from '../db/audit-log/hash-chain.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { openEmbedded } from '../db/embedded/embedded.ts';
import { databaseConfigError } from '../db/errors.ts';
import { readArguments, UsageError } from './audit/arguments.ts';
import { type Format, formats } from './audit/formats.ts';
import { describeViolation } from './audit/verify-report.ts';

/** The program: arguments and environment in, text out. Returns the exit code. */
export async function audit(
  args: string[],
  env: Record<string, string | undefined>,
  out: Writable,
  errors: Writable,
): Promise<number> {
  out.on('error', () => {}); // pipeline tells of it
  try {
    return (await carryOut(args, env, out)) ? 0 : 1;
  } catch (error) {
    const why = explain(error);
    if (why === undefined) return 0;
    errors.write(`${why}\n`);
    return 1;
  }
}

/** Returns whether the records are as they should be. */
async function carryOut(args: string[], env: Record<string, string | undefined>, out: Writable): Promise<boolean> {
  const asked = readArguments(args);
  const read = readDatabaseConfig(env);
  if (!read.ok)
    throw new UsageError(read.mistakes.map(({ variable, expected }) => `${variable}: ${expected}`).join('; '));
  const { DATABASE_URL: url, DATA_DIR: folder } = read.database;
  const database = url ? { url, stop: async () => {} } : await openEmbedded(folder);
  try {
    if (asked.verify) {
      const verdict = await verify(database.url, asked.expect);
      out.write(describeViolation(verdict));
      return verdict.fits;
    }
    await write(database.url, asked, out);
    return true;
  } finally {
    await database.stop();
  }
}

type Asked = ReturnType<typeof readArguments>;

async function write(url: string, { record, since, until, format }: Asked, out: Writable): Promise<void> {
  const { begin, batches }: Format = formats[record](url, { since: since ?? null, until: until ?? null })[
    format ?? 'csv'
  ];
  const text = async function* () {
    // The header comes with the first events, or after none: a database that does not answer leaves an empty file.
    let head: string = begin;
    for await (const rows of batches) {
      yield head + rows;
      head = '';
    }
    yield head;
  };
  await pipeline(Readable.from(text()), out, { end: false });
}

/** Why it ended early, in one line; nothing where whoever reads has had enough, as `head` has. */
function explain(error: unknown): string | undefined {
  if (error instanceof UsageError || error instanceof EmbeddedPostgresError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EPIPE') return undefined;
  if (code === '42P01') return 'There is no record in this database yet: start Registrar once.';
  return databaseConfigError(error) ?? `The database cannot be read (${code || String(error)}).`;
}

if (import.meta.main) {
  // A PostgreSQL that was started for this goes with the process, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.exitCode = await audit(process.argv.slice(2), process.env, process.stdout, process.stderr);
}
