/**
 * What Slack tells one replica, all of them must know: that an answer they keep about a person, a group or a channel is
 * out of date. It goes through PostgreSQL's NOTIFY, for that is what the replicas share.
 */
import { sql } from 'drizzle-orm';
import type { Connection } from './client.ts';
import type { Db } from './db.ts';

const channel = 'registrar_outdated';

/** Tells every replica, this one too. */
export async function publishInvalidation({ tables }: Pick<Db, 'tables'>, id: string): Promise<void> {
  await tables.execute(sql`select pg_notify(${channel}, ${id})`);
}

/**
 * Hears of it from now on: `outdated` is called with an id; and without one whenever listening begins, also anew after the
 * connection was lost, for nobody knows what was said meanwhile.
 */
export async function subscribe(
  { listen }: Pick<Connection, 'listen'>,
  outdated: (id?: string) => void,
): Promise<void> {
  await listen(channel, outdated, () => outdated());
}
