/**
 * Counts clicks and forms that name what is not in this database. A few come from messages of an earlier one. Where they keep coming,
 * another database is on the same Slack app, and Slack shares out the clicks between the two at random.
 */
import { sql } from 'drizzle-orm';
import type { Tx } from './client.ts';
import type { Db } from './db.ts';
import { unknownIds } from './schema/workspace.ts';

type Tables = { tables: Pick<Db['tables'], 'execute'> | Tx };

/** From how many on, in this hour and the last one, they keep coming. */
const toWarnOf = 5;

/** Counts one. */
export async function countUnknown({ tables }: Tables): Promise<void> {
  await tables.execute(sql`
    insert into ${unknownIds} as u (hour, count, before) values (date_trunc('hour', now()), 1, 0)
    on conflict ("only") do update set
      before = case excluded.hour when u.hour then u.before when u.hour + interval '1 hour' then u.count else 0 end,
      count = case excluded.hour when u.hour then u.count + 1 else 1 end,
      hour = excluded.hour`);
}

/** Selects how many there were in this hour and the last one. */
export const recentUnknown = sql`coalesce((
  select case date_trunc('hour', now()) when hour then count + before when hour + interval '1 hour' then count else 0 end
  from ${unknownIds}), 0)`;

/** Says that they keep coming, and how to fix it; undefined while they do not. */
export async function findUnknown({ tables }: Pick<Db, 'tables'>): Promise<string | undefined> {
  const [row] = await tables.execute<{ recent: number }>(sql`select ${recentUnknown} as recent`);
  const recent = row?.recent ?? 0;
  if (recent < toWarnOf) return undefined;
  return `${recent} clicks and forms within two hours name what is not in this database: another database is on the same Slack app, or people use messages of an earlier database. Give each database a Slack app of its own`;
}
