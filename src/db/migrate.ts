/**
 * Applies the migrations at the start. Where none is missing, it runs no statement that needs the owner of the tables, so that the bot
 * can use a role that owns nothing.
 */
import { databaseAddress } from './connection/database-url.ts';
import { openSession, type Session } from './connection/session.ts';
import { noLimits } from './connection/settings.ts';
import { RequirementError } from './errors.ts';
import { createJournal, knownMigrations, readJournal } from './journal.ts';
import { checkRequirements } from './requirements.ts';

/** The advisory lock that lets one replica at a time migrate. An arbitrary number, the same for all replicas. */
export const migrationLock = 727_431;

/**
 * Applies the migrations that are missing. Replicas that start together wait for each other. Rejects with a
 * `RequirementError` where the database is not as Registrar needs it.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const address = databaseAddress(url);
  const options = { applicationName: 'registrar-migrations', settings: noLimits, writes: true };
  const session = await openSession(address, options);
  try {
    // Before the lock: behind a pooler in transaction mode another client would hold it.
    const { mistakes } = await checkRequirements(address, session);
    if (mistakes.length > 0) throw new RequirementError(mistakes.map(({ about, what }) => `${about}: ${what}`));
    await session.query(`select pg_advisory_lock(${migrationLock})`);
    await applyMissing(session);
  } finally {
    await session.close();
  }
}

async function applyMissing(session: Session): Promise<void> {
  const { journal, applied } = await readJournal(session);
  const missing = knownMigrations().filter(({ folderMillis }) => !applied.includes(folderMillis));
  if (missing.length === 0) return;
  await session.query('begin');
  await createJournal(session, journal);
  for (const { sql, hash, folderMillis } of missing) {
    for (const statement of sql) await session.query(statement);
    await session.query(`insert into ${journal} (hash, created_at) values ('${hash}', ${folderMillis})`);
  }
  await session.query('commit');
}
