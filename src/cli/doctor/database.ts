import type { Config } from '../../config.ts';
import { type Connection, connect } from '../../db/client.ts';
import { EmbeddedPostgresError } from '../../db/embedded/data-dir.ts';
import { openEmbedded } from '../../db/embedded/embedded.ts';
import { databaseConfigError } from '../../db/errors.ts';
import * as checkup from '../../db/health.ts';
import * as readings from '../../db/metrics.ts';
import * as deadLetters from '../../db/outbox/dead-letters.ts';
import { formatAge } from '../../domain/duration.ts';
import type { Rule } from './approvers.ts';
import { type CheckResult, errorCodeIn, fail, ok, warn } from './check-result.ts';

/** What the services say of channels and approvers; none where it cannot be read. */
export type Database = { findings: CheckResult[]; rules: Rule[] };

/** From here on what waits has waited too long, in milliseconds: the outbox tries again after five minutes at most. */
const lateAfter = 10 * 60_000;

/** How many dead letters are named. */
const named = 10;

/** The connection can only read: PostgreSQL refuses everything else. */
export const readOnly = { application_name: 'registrar-doctor', default_transaction_read_only: true };

export async function checkDatabase({ DATABASE_URL: url, DATA_DIR: folder }: Config, now: Date): Promise<Database> {
  try {
    const database = url ? { url, stop: async () => {} } : await openEmbedded(folder);
    const connection = connect(database.url, readOnly);
    try {
      return await examine(connection, url ? 'at DATABASE_URL' : `in DATA_DIR ${folder}`, now);
    } finally {
      await connection.close();
      await database.stop();
    }
  } catch (error) {
    return { findings: [unreachable(error)], rules: [] };
  }
}

function unreachable(error: unknown): CheckResult {
  if (error instanceof EmbeddedPostgresError) {
    // Nothing was ever started there: that is no fault yet.
    const level = error.message.startsWith('There is no database') ? warn : fail;
    return level('database', error.message);
  }
  const mistake = databaseConfigError(error);
  const mend = 'See that DATABASE_URL names a PostgreSQL that is running and lets this machine in.';
  return fail('database', mistake ? `${mistake} ${mend}` : `not reachable${errorCodeIn(error)}. ${mend}`);
}

async function examine(connection: Connection, where: string, now: Date): Promise<Database> {
  const { version, number, migrations, trigrams, mayCreate } = await checkup.inspect(connection);
  const findings = [
    number >= 140_000
      ? ok('database', `PostgreSQL ${version} ${where}.`)
      : fail('database', `PostgreSQL ${version} ${where}. Upgrade it to 14 or later.`),
    migrated(migrations, mayCreate),
    trigramsAt(trigrams),
  ];
  // What this version would ask is not there yet, or not any more.
  if (migrations.missing > 0 || migrations.unknown) return { findings, rules: [] };
  const [rules, outbox] = await Promise.all([checkup.approverSettings(connection), examineOutbox(connection, now)]);
  return { findings: [...findings, ...outbox], rules };
}

function migrated({ missing, unknown }: checkup.DatabaseHealth['migrations'], mayCreate: boolean): CheckResult {
  if (unknown) return fail('migrations', 'the database is of a newer Registrar. Start that version, or a newer one.');
  if (missing === 0) return ok('migrations', 'all applied.');
  if (!mayCreate) {
    const mend = 'Grant it: GRANT CREATE ON DATABASE … TO …, and on the schema public.';
    return fail('migrations', `${missing} to apply, and the user of DATABASE_URL may not create tables. ${mend}`);
  }
  return warn('migrations', `${missing} to apply. npm start does.`);
}

function trigramsAt(state: checkup.DatabaseHealth['trigrams']): CheckResult {
  if (state === 'installed') return ok('pg_trgm', 'installed.');
  if (state === 'available')
    return warn('pg_trgm', 'not installed yet. npm start does; after that, CREATE EXTENSION pg_trgm.');
  return fail('pg_trgm', "this PostgreSQL lacks it. Install PostgreSQL's contrib package.");
}

async function examineOutbox(connection: Connection, now: Date): Promise<CheckResult[]> {
  if (!(await checkup.hasOutbox(connection))) return [warn('outbox', 'not there yet. npm start makes it.')];
  const { outbox } = await readings.collect(connection);
  const jobs = outbox.reduce((sum, queue) => sum + queue.jobs, 0);
  const due = outbox.flatMap((queue) => queue.due ?? []).toSorted((one, other) => one.getTime() - other.getTime())[0];
  const late = due && now.getTime() - due.getTime() > lateAfter;
  const waiting = `${jobs} to deliver${due ? `, the first of them due for ${formatAge(due, now)}` : ''}.`;
  const mend = 'Start Registrar where it is not running; its log says what each message waits for.';
  return [late ? warn('outbox', `${waiting} ${mend}`) : ok('outbox', waiting), ...(await examineDead(connection, now))];
}

async function examineDead(connection: Connection, now: Date): Promise<CheckResult[]> {
  const total = await deadLetters.count(connection);
  if (total === 0) return [ok('dead letters', 'none.')];
  const letters = await deadLetters.list(connection, named);
  const more = total > letters.length ? [warn('dead letters', `${total - letters.length} more.`)] : [];
  return [
    ...letters.map(({ kind, registration, why, since }) => {
      const of = registration === null ? kind : `${kind} of registration ${registration}`;
      return warn('dead letter', `the ${of}, ${formatAge(since, now)} old, was put aside: ${why || 'tried in vain'}.`);
    }),
    ...more,
  ];
}
