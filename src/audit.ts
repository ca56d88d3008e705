/**
 * `npm run audit`: the whole record on standard output, as CSV or JSON lines, oldest first; with `--verify`, whether it is
 * as it was written. It streams, so its length does not matter, and reads beside a running bot; of the environment it
 * needs only where the database is.
 */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Mistake, readArguments } from './audit/arguments.ts';
import { told } from './audit/verdict.ts';
import { readDatabase } from './config.ts';
import { verify } from './db/chain.ts';
import { EmbeddedPostgresError } from './db/data-dir.ts';
import { visitEmbedded } from './db/embedded.ts';
import { type Recorded, recorded } from './db/history.ts';
import { mistakeInDatabase } from './start.ts';

/** The columns, in this order for good: a new one goes to the end. */
const columns = [
  'at',
  'registration',
  'version',
  'action',
  'actor',
  'from',
  'to',
  'service',
  'application',
  'requester',
  'reason',
] as const satisfies (keyof Recorded)[];

/** Moments are ISO 8601, in UTC. */
const written = (event: Recorded, column: (typeof columns)[number]): string | number | null => {
  const value = event[column];
  return value instanceof Date ? value.toISOString() : value;
};

/** RFC 4180: a cell is quoted where it must be, quotes in it are doubled, and a line ends with CR LF. */
function csvRow(cells: (string | number | null)[]): string {
  const quoted = cells.map((cell) => {
    const text = harmless(String(cell ?? ''));
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\r\n`;
}

/**
 * A spreadsheet takes what begins with = + - @ or a tab for a formula, and would run what somebody wrote as a reason: such
 * a cell begins with an apostrophe instead (https://owasp.org/www-community/attacks/CSV_Injection). JSON lines have none.
 */
const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

type Format = { begin: string; row: (event: Recorded) => string };

const formats = {
  csv: { begin: csvRow([...columns]), row: (event) => csvRow(columns.map((column) => written(event, column))) },
  jsonl: {
    begin: '',
    row: (event) =>
      `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, written(event, column)])))}\n`,
  },
} as const satisfies Record<string, Format>;

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

/** Returns whether the record is as it should be. */
async function carryOut(args: string[], env: Record<string, string | undefined>, out: Writable): Promise<boolean> {
  const asked = readArguments(args);
  const read = readDatabase(env);
  if (!read.ok) throw new Mistake(read.mistakes.map(({ variable, expected }) => `${variable}: ${expected}`).join('; '));
  const { DATABASE_URL: url, DATA_DIR: folder } = read.database;
  const database = url ? { url, stop: async () => {} } : await visitEmbedded(folder);
  try {
    if (asked.verify) {
      const verdict = await verify(database.url, asked.expect);
      out.write(told(verdict));
      return verdict.fits;
    }
    await write(database.url, asked, out);
    return true;
  } finally {
    await database.stop();
  }
}

type Asked = ReturnType<typeof readArguments>;

async function write(url: string, { since, until, format = 'csv' }: Asked, out: Writable): Promise<void> {
  const { begin, row }: Format = formats[format];
  const batches = recorded(url, since ?? null, until ?? null);
  const text = async function* () {
    // The header comes with the first events, or after none: a database that does not answer leaves an empty file.
    let head: string = begin;
    for await (const events of batches) {
      yield head + events.map(row).join('');
      head = '';
    }
    yield head;
  };
  await pipeline(Readable.from(text()), out, { end: false });
}

/** Why it ended early, in one line; nothing where whoever reads has had enough, as `head` has. */
function explain(error: unknown): string | undefined {
  if (error instanceof Mistake || error instanceof EmbeddedPostgresError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EPIPE') return undefined;
  if (code === '42P01') return 'There is no record in this database yet: start Registrar once.';
  return mistakeInDatabase(error) ?? `The database cannot be read (${code || String(error)}).`;
}

if (import.meta.main) {
  // A PostgreSQL that was started for this goes with the process, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.exitCode = await audit(process.argv.slice(2), process.env, process.stdout, process.stderr);
}
