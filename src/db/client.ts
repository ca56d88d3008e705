import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { tame } from './driver-patches.ts';
import * as schema from './schema/core.ts';

export const drizzled = (client: postgres.Sql) => drizzle(client, { schema, casing: 'snake_case' });

export type Drizzle = ReturnType<typeof drizzled>;

/** An open transaction. What may only happen inside one takes a `Tx`, so that it does not compile outside. */
export type Tx = Parameters<Parameters<Drizzle['transaction']>[0]>[0];
/**
 * A statement longer than this is given up, in milliseconds. Nothing a person does needs more than a few; what takes
 * seconds is a database in trouble, and whoever waits is better told so.
 */
const timeouts = { statement_timeout: 5_000, lock_timeout: 3_000, idle_in_transaction_session_timeout: 10_000 };

/**
 * How connections are made anew, in seconds. Whoever acts hears within three whether it worked; the driver's own pauses
 * grow to 20, and so would the first wait after an outage.
 */
const reconnecting = {
  connect_timeout: 2,
  backoff: (attempt: number) => Math.min(attempt * 0.1, 1),
  max_lifetime: 600,
};

/** Who wants to write has no use for a session that may not: it is let go, not kept for as long as a connection lives. */
const writing = { target_session_attrs: 'read-write' } as const;

export type Connection = {
  tables: Drizzle;
  /** Hears what is sent to a channel with NOTIFY; `begun` is called each time that listening begins, also anew after a loss. */
  listen: (channel: string, heard: (payload: string) => void, begun: () => void) => Promise<unknown>;
  close: () => Promise<void>;
};

/** Opens a pool of connections; none is made before the first statement. `settings` are PostgreSQL's, for each of them. */
export function connect(url: string, settings: Record<string, string | number | boolean> = {}): Connection {
  const client = postgres(url, {
    max: 6,
    ...reconnecting,
    ...(settings.default_transaction_read_only ? {} : writing),
    onnotice: () => {},
    connection: { application_name: 'registrar', ...timeouts, ...settings },
  });
  tame(client);
  return {
    tables: drizzled(client),
    listen: (channel, heard, begun) => client.listen(channel, heard, begun),
    close: () => client.end({ timeout: 5 }),
  };
}

/** Whether the database can be reached and written: a session that may not write is no session here (see `writing`). */
export const reachable = (tables: Drizzle): Promise<boolean> =>
  tables.execute(sql`select 1`).then(
    () => true,
    () => false,
  );
