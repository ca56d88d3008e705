/** The migrations, which are applied when Registrar starts. */
import { fileURLToPath } from 'node:url';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { drizzled } from './client.ts';

/** Any number, the same for all replicas: who holds it may migrate. */
export const migrationLock = 727_431;

/** Brings the database up to date. Replicas that start together wait for each other. */
export async function migrateDatabase(url: string): Promise<void> {
  const client = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
  try {
    await client`select pg_advisory_lock(${migrationLock})`;
    await migrate(drizzled(client), { migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)) });
  } finally {
    await client.end({ timeout: 5 });
  }
}
