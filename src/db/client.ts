/** The connection to PostgreSQL, its time limits, and the migrations that are applied when Registrar starts. */
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import type { Outbox } from './outbox.ts';
import * as schema from './schema.ts';

const drizzled = (client: postgres.Sql) => drizzle(client, { schema, casing: 'snake_case' });

type Drizzle = ReturnType<typeof drizzled>;

/** An open transaction. What may only happen inside one takes a `Tx`, so that it does not compile outside. */
export type Tx = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

/** What the functions in db/ are given: the tables, and the outbox that a change puts its effects into. */
export type Db = { tables: Drizzle; outbox: Outbox };

/**
 * A statement longer than this is given up, in milliseconds. Nothing a person does needs more than a few; what takes
 * seconds is a database in trouble, and whoever waits is better told so.
 */
const timeouts = { statement_timeout: 5_000, lock_timeout: 3_000, idle_in_transaction_session_timeout: 10_000 };

export type Connection = {
  tables: Drizzle;
  /** Hears what is sent to a channel with NOTIFY; `begun` is called each time that listening begins, also anew after a loss. */
  listen: (channel: string, heard: (payload: string) => void, begun: () => void) => Promise<unknown>;
  close: () => Promise<void>;
};

/** Opens a pool of connections; none is made before the first statement. `settings` are PostgreSQL's, for each of them. */
export function connect(url: string, settings: Record<string, string | number | boolean> = {}): Connection {
  const client = postgres(url, {
    max: 10,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: 'registrar', ...timeouts, ...settings },
  });
  return {
    tables: drizzled(client),
    listen: (channel, heard, begun) => client.listen(channel, heard, begun),
    close: () => client.end({ timeout: 5 }),
  };
}

/** Any number, the same for all replicas: who holds it may migrate. */
const migrationLock = 727_431;

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
