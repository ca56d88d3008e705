/** Checks the database: version, migrations, extension, outbox and dead letters. */
import type { Config } from '../../config.ts';
import { countUnsettled, listStillOpen } from '../../db/access/alarms.ts';
import * as channelIds from '../../db/channel-ids.ts';
import { type Connection, connect } from '../../db/client.ts';
import { EmbeddedPostgresError } from '../../db/embedded/data-dir.ts';
import { databaseConfigError } from '../../db/errors.ts';
import * as health from '../../db/health.ts';
import * as databaseMetrics from '../../db/metrics.ts';
import * as deadLetters from '../../db/outbox/dead-letters.ts';
import { findNewerPolicy } from '../../db/policy-in-force.ts';
import { countReplicas } from '../../db/replicas.ts';
import { checkTimeZone, type Mistake, type Requirements, readRequirements } from '../../db/requirements.ts';
import { findUnknown } from '../../db/unknown-ids.ts';
import type { SlackIdentity } from '../../db/workspace.ts';
import * as workspaces from '../../db/workspace.ts';
import { describePolicy } from '../../domain/authorization.ts';
import { formatAge } from '../../domain/duration.ts';
import { withDatabase } from '../database.ts';
import type { Rule } from './approvers.ts';
import { type CheckResult, errorCodeIn, fail, joinList, ok, warn } from './check-result.ts';

/** The results, and the approver settings of the services; none where they cannot be read. */
export type Database = {
  findings: CheckResult[];
  rules: Rule[];
  /** How many replicas run on it; undefined where it cannot be read. */
  replicas: number | undefined;
  /** The workspace that the database belongs to; undefined before the first start. */
  workspace: SlackIdentity | undefined;
  /** The present ids of channels whose ids Slack has changed. */
  channelIds: ReadonlyMap<string, string>;
};

/** Where nothing can be read. */
export const nothingRead = {
  rules: [],
  replicas: undefined,
  workspace: undefined,
  channelIds: new Map<string, string>(),
};

/** From when on a due job is overdue, in milliseconds: the outbox retries after five minutes at most. */
const overdueAfter = 10 * 60_000;

/** How many dead letters are listed. */
const maxListed = 10;

/** Connection settings with which PostgreSQL refuses every write. */
export const readOnly = { application_name: 'registrar-doctor', default_transaction_read_only: true };

/** Checks the database. Never rejects: one that is not reachable is a result. */
export async function checkDatabase(config: Config, now: Date): Promise<Database> {
  const where = config.DATABASE_URL ? 'at DATABASE_URL' : `in DATA_DIR ${config.DATA_DIR}`;
  try {
    return await withDatabase(config, async (url) => {
      const connection = connect(url, readOnly);
      try {
        return await checkConnection(url, connection, where, now, config);
      } finally {
        await connection.close();
      }
    });
  } catch (error) {
    return { ...nothingRead, findings: [unreachable(error)] };
  }
}

function unreachable(error: unknown): CheckResult {
  if (error instanceof EmbeddedPostgresError) {
    // Before the first start there is nothing to fix.
    const level = error.message.startsWith('There is no database') ? warn : fail;
    return level('database', error.message);
  }
  const mistake = databaseConfigError(error);
  const fix = 'See that DATABASE_URL names a PostgreSQL that is running and accepts connections from this machine.';
  return fail('database', mistake ?? `not reachable${errorCodeIn(error)}. ${fix}`);
}

async function checkConnection(
  url: string,
  connection: Connection,
  where: string,
  now: Date,
  config: Config,
): Promise<Database> {
  const { version, missing, trigrams, mistakes } = await readRequirements(url);
  const replicas = await countReplicas(connection);
  const about = (what: Mistake['about'], otherwise: CheckResult): CheckResult[] => {
    const found = mistakes.filter((mistake) => mistake.about === what);
    return found.length > 0 ? found.map((mistake) => fail(what, mistake.what)) : [otherwise];
  };
  const findings = [
    ...about('database', ok('database', `PostgreSQL ${version} ${where}.`)),
    ...mistakes.filter(({ about }) => about === 'pooler').map(({ what }) => fail('pooler', what)),
    ...about('migrations', migrationsResult(missing)),
    ...about('pg_trgm', trigramResult(trigrams)),
  ];
  const zone = await checkTimeZone(connection, config.TIME_ZONE).then(() => undefined, unreachable);
  if (zone) findings.push(zone);
  // The rest needs the schema of this version.
  if (missing > 0 || mistakes.length > 0) return { ...nothingRead, findings, replicas };
  const ids = await channelIds.read(connection);
  const [rules, outbox, access, workspace, policy, unknown] = await Promise.all([
    health.approverSettings(connection, { exceptOfFile: config.CATALOG_FILE !== undefined }),
    checkOutbox(connection, now),
    checkAccess(connection),
    workspaces.find(connection),
    checkPolicy(connection, withCurrentIds(config, ids)),
    findUnknown(connection),
  ]);
  const shared = unknown === undefined ? [] : [warn('clicks', `${unknown}.`)];
  const all = [...findings, ...outbox, ...access, ...policy, ...shared];
  return { findings: all, rules, replicas, workspace, channelIds: ids };
}

/** Returns the settings with the present ids of channels, as a start has them. */
export function withCurrentIds(config: Config, ids: ReadonlyMap<string, string>): Config {
  const { policy, ESCALATION_CHANNEL: escalation } = config;
  const idOf = (id: string) => ids.get(id) ?? id;
  return {
    ...config,
    policy: { ...policy, adminChannel: idOf(policy.adminChannel) },
    ESCALATION_CHANNEL: escalation && idOf(escalation),
  };
}

/** Compares the settings on who decides with those of the newest start. */
async function checkPolicy(connection: Connection, config: Config): Promise<CheckResult[]> {
  const other = await findNewerPolicy(connection, describePolicy(config.policy, config.AUTO_APPROVE));
  if (!other) return [];
  const what = 'other APPROVERS, ADMIN_CHANNEL, AUTO_APPROVE or ALLOW_ settings than here';
  const fix = 'Start every replica with the same ones; the newest start counts.';
  return [warn('replicas', `the newest one, since ${other.toISOString()}, has ${what}. ${fix}`)];
}

/** Names the gateways where access is still open that no registration backs, and whose. */
async function checkAccess(connection: Connection): Promise<CheckResult[]> {
  const states = (await countUnsettled(connection)).filter(({ stillOpen }) => stillOpen > 0);
  return Promise.all(
    states.map(async ({ gateway }) => {
      const { rows, total } = await listStillOpen(connection, gateway, maxListed);
      const whose = joinList(
        rows.map(({ application, group, failure }) => `${application} (${group}${failure ? `, ${failure}` : ''})`),
        total,
      );
      return fail(`access at ${gateway}`, `still open without a registration: ${whose || 'being taken away'}.`);
    }),
  );
}

const migrationsResult = (missing: number): CheckResult =>
  missing === 0 ? ok('migrations', 'all applied.') : warn('migrations', `${missing} to apply. npm start does.`);

const trigramResult = (state: Requirements['trigrams']): CheckResult =>
  state === 'installed'
    ? ok('pg_trgm', 'installed.')
    : warn('pg_trgm', 'not installed yet. npm start does; after that, CREATE EXTENSION pg_trgm.');

async function checkOutbox(connection: Connection, now: Date): Promise<CheckResult[]> {
  const { outbox, stalledLanes } = await databaseMetrics.collect(connection);
  const jobs = outbox.reduce((sum, kind) => sum + kind.jobs, 0);
  const lag = Math.max(...outbox.map((kind) => kind.lag)) * 1000;
  const first = `, the first of them due for ${formatAge(new Date(now.getTime() - lag), now)}`;
  const waiting = `${jobs} to deliver${lag > 0 ? first : ''}.`;
  const fix = 'Start Registrar if it is not running; its log says why messages are retried.';
  return [
    lag > overdueAfter ? warn('outbox', `${waiting} ${fix}`) : ok('outbox', waiting),
    ...(stalledLanes > 0
      ? [fail('outbox', `${stalledLanes} lanes have jobs that no replica finds. ${stalledFix}`)]
      : []),
    ...(await checkDeadLetters(connection, now)),
  ];
}

const stalledFix =
  'This is an error in Registrar, please report it. Until then: "Lanes that are stalled" in docs/operations.md.';

async function checkDeadLetters(connection: Connection, now: Date): Promise<CheckResult[]> {
  const total = await deadLetters.count(connection);
  if (total === 0) return [ok('dead letters', 'none.')];
  const letters = await deadLetters.list(connection, maxListed);
  const more = total > letters.length ? [warn('dead letters', `${total - letters.length} more.`)] : [];
  return [
    ...letters.map(({ kind, registration, cause, enqueuedAt }) => {
      const of = registration === null ? kind : `${kind} of registration ${registration}`;
      return warn(
        'dead letter',
        `the ${of}, ${formatAge(enqueuedAt, now)} old, is no longer retried: ${cause || 'every retry failed'}.`,
      );
    }),
    ...more,
  ];
}
