/** Dead letters: what could not be delivered, because no retry mends it. They are kept, counted and listed. */
import { sql } from 'drizzle-orm';
import type { Effect } from '../domain/registration.ts';
import type { Db } from './client.ts';

export type DeadLetter = {
  kind: Effect['kind'];
  /** Null for what is about no single registration, such as a reminder. */
  registration: number | null;
  /** Slack's or the mail server's word; empty where it was tried in vain until it was given up. */
  why: string;
  /** When its effect was put into the outbox. */
  since: Date;
};

/** How many there are. The states are named as pg-boss's own index names them, so that it answers. */
export async function count({ tables }: Pick<Db, 'tables'>): Promise<number> {
  const [row] = await tables.execute<{ count: number }>(sql`
    select count(*)::int as count from pgboss.job
    where name = 'outbox-dead' and state in ('created', 'retry', 'active', 'failed')`);
  return row?.count ?? 0;
}

/** The oldest of them, in the order in which they were put aside. */
export async function list({ tables }: Pick<Db, 'tables'>, limit: number): Promise<DeadLetter[]> {
  const rows = await tables.execute<{
    kind: Effect['kind'];
    registration: string | null;
    why: string;
    since: string;
  }>(sql`
    select data ->> 'kind' as kind, data ->> 'registration' as registration, coalesce(data ->> 'why', '') as why,
      coalesce((data ->> 'since')::timestamptz, created_on)::text as since
    from pgboss.job where name = 'outbox-dead' and state in ('created', 'retry', 'active', 'failed')
    order by created_on, id limit ${limit}`);
  return rows.map(({ registration, since, ...row }) => ({
    ...row,
    registration: registration === null ? null : Number(registration),
    since: new Date(since),
  }));
}
