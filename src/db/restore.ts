/**
 * A database that was restored from a copy does not know what happened since the copy was made: what waits in its outbox may have
 * been posted, and cards may show what it has forgotten. So the next attempts look in Slack first, and each card is updated before
 * its buttons decide.
 */
import type { Connection } from './client.ts';
import { databaseAddress } from './connection/database-url.ts';
import { openSession, type Session } from './connection/session.ts';
import { noLimits } from './connection/settings.ts';
import { countReplicas } from './replicas.ts';

/** How many rows are marked in one transaction. */
const batch = 2_000;

/**
 * Notices at a start, before anything is posted, that this is another database than at the last start. A standby that took over is
 * not: it has the identity of the server that it copies. Returns when the database was last restored, and whether that is news.
 */
export function noticeRestore(url: string): Promise<{ restoredAt: Date | undefined; noticed: boolean }> {
  return withSession(url, async (session) => {
    const [kept] = await session.query<{ database: string | null }>('select database from workspace');
    const own = await identityOf(session);
    const noticed = typeof kept?.database === 'string' && isAnother(kept.database, own);
    if (noticed) await markRestored(session);
    await session.query('update workspace set database = $1 where database is distinct from $1', [own]);
    return { restoredAt: await restoredAt(session), noticed };
  });
}

export type Marked = { jobs: number; cards: number };

/** Records a restore that a start cannot notice, such as one into the same database. Undefined while a replica runs. */
export async function recordRestore(url: string, { tables }: Pick<Connection, 'tables'>): Promise<Marked | undefined> {
  if ((await countReplicas({ tables })) > 0) return undefined;
  return withSession(url, markRestored);
}

async function withSession<Result>(url: string, work: (session: Session) => Promise<Result>): Promise<Result> {
  const options = { applicationName: 'registrar-restore', settings: noLimits, writes: true };
  const session = await openSession(databaseAddress(url), options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Reads the identity of the database: that of its server, empty where a provider does not tell it, and its own in it. */
async function identityOf(session: Session): Promise<string> {
  const [row] = await session.query<{ oid: string; told: boolean }>(
    `select oid::text as oid, has_function_privilege('pg_control_system()', 'execute') as told
      from pg_database where datname = current_database()`,
  );
  const server = row?.told
    ? await session
        .query<{ id: string }>('select system_identifier::text as id from pg_control_system()')
        .catch(() => [])
    : [];
  return `${server[0]?.id ?? ''}/${row?.oid}`;
}

function isAnother(kept: string, own: string): boolean {
  const [[keptServer, keptOid], [ownServer, ownOid]] = [kept.split('/'), own.split('/')];
  return keptOid !== ownOid || (keptServer !== '' && ownServer !== '' && keptServer !== ownServer);
}

/**
 * Marks, in batches, what the outbox may have posted already, and the cards that may show what is forgotten. The last statement
 * says that it is done: what is interrupted is done again.
 */
async function markRestored(session: Session): Promise<Marked> {
  const jobs = await inBatches((after) =>
    session.query(
      `update outbox set unsure = true, unsure_until = clock_timestamp(), progress = null,
        give_up_at = greatest(give_up_at, clock_timestamp() + interval '7 days')
      where id in (select id from outbox where id > $1 order by id limit ${batch}) returning id::float8 as id`,
      [after],
    ),
  );
  const cards = await inBatches((after) =>
    session.query(
      `update registrations set card_version = 0, card_differs = null
      where id in (select id from registrations
        where id > $1 and status in ('pending', 'approved', 'rejected', 'revoked') and card_ts is not null
        order by id limit ${batch}) returning id::float8 as id`,
      [after],
    ),
  );
  await session.query('update workspace set restored_at = clock_timestamp()');
  return { jobs, cards };
}

/** Runs a statement that changes the rows with ids above one, until none is left. Returns how many it changed. */
async function inBatches(run: (after: number) => Promise<{ id?: unknown }[]>): Promise<number> {
  let changed = 0;
  for (let after = 0; ; ) {
    const rows = await run(after);
    if (rows.length === 0) return changed;
    changed += rows.length;
    after = Math.max(...rows.map(({ id }) => Number(id)));
  }
}

async function restoredAt(session: Session): Promise<Date | undefined> {
  const [row] = await session.query<{ at: string | null }>('select restored_at::text as at from workspace');
  return typeof row?.at === 'string' ? new Date(row.at) : undefined;
}
