/**
 * `npm run audit`: writes a record to standard output, as CSV or JSON lines, oldest event first; with `--verify`, checks the
 * hash chain of all records. It streams, so that a record can have any length. It can run next to a bot, and only needs the
 * variables that say where the database is.
 */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verify } from '../db/audit-log/hash-chain.ts';
import { EmbeddedPostgresError } from '../db/embedded/data-dir.ts';
import { databaseConfigError } from '../db/errors.ts';
import { auditUsage, readAuditOptions } from './audit/arguments.ts';
import { type Format, formats } from './audit/formats.ts';
import { formatVerifyResult } from './audit/verify-report.ts';
import { readDatabase, withDatabase } from './database.ts';
import { asksForHelp, UsageError } from './usage-error.ts';

/** Runs the program. Returns the exit code: 1 where it fails, or `--verify` finds a violation. */
export async function audit(
  args: string[],
  env: Record<string, string | undefined>,
  out: Writable,
  errors: Writable,
): Promise<number> {
  out.on('error', () => {}); // pipeline rejects with it
  try {
    return (await runAudit(args, env, out)) ? 0 : 1;
  } catch (error) {
    const sentence = explain(error);
    if (sentence === undefined) return 0;
    errors.write(`${sentence}\n`);
    return 1;
  }
}

/** Does what the arguments say. Returns false where `--verify` finds a violation. */
async function runAudit(args: string[], env: Record<string, string | undefined>, out: Writable): Promise<boolean> {
  if (asksForHelp(args)) return out.write(`${auditUsage}\n`) || true;
  const options = readAuditOptions(args);
  return withDatabase(readDatabase(env), async (url) => {
    if (options.verify) {
      const result = await verify(url, options.expect);
      out.write(formatVerifyResult(result));
      return result.fits;
    }
    await writeRecord(url, options, out);
    return true;
  });
}

type Options = ReturnType<typeof readAuditOptions>;

async function writeRecord(url: string, { record, since, until, format }: Options, out: Writable): Promise<void> {
  const { begin, batches }: Format = formats[record](url, { since: since ?? null, until: until ?? null })[
    format ?? 'csv'
  ];
  const text = async function* () {
    // The header is written with the first events, or at the end: a database that fails leaves an empty file.
    let head: string = begin;
    for await (const rows of batches) {
      yield head + rows;
      head = '';
    }
    yield head;
  };
  await pipeline(Readable.from(text()), out, { end: false });
}

/** Says in a line why it ended early; undefined where the reader closed the pipe, as `head` does. */
function explain(error: unknown): string | undefined {
  if (error instanceof UsageError || error instanceof EmbeddedPostgresError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EPIPE') return undefined;
  if (code === '42P01') return 'There is no record in this database yet: start Registrar once.';
  return databaseConfigError(error) ?? `The database cannot be read (${code || String(error)}).`;
}

if (import.meta.main) {
  // A PostgreSQL that was started for this stops at exit, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.exitCode = await audit(process.argv.slice(2), process.env, process.stdout, process.stderr);
}
