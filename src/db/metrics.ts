/** What operators watch: how much waits, for how long, and how the connections are used. One statement, answered by indexes. */
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

export type DatabaseMetrics = {
  pending: { count: number; oldest: Date | null };
  /** By queue: how many deliveries are to be made, and since when the first of them should have left; null where none. */
  outbox: { queue: string; jobs: number; due: Date | null }[];
  deadLetters: number;
  /** The connections of all replicas. */
  connections: { pool: string; state: 'in_use' | 'idle' | 'waiting'; count: number }[];
};

/** The states are named as pg-boss's own index names them, so that it answers. */
export async function collect({ tables }: Pick<Db, 'tables'>): Promise<DatabaseMetrics> {
  const [row] = await tables.execute<{
    pending: number;
    oldest: string | null;
    dead: number;
    queues: { queue: string; jobs: number; due: string | null }[] | null;
    connections: DatabaseMetrics['connections'] | null;
  }>(sql`
    select
      (select count(*)::int from registrations where status = 'pending') as pending,
      (select min(requested_at) from registrations where status = 'pending') as oldest,
      (select count(*)::int from pgboss.job where name = 'outbox-dead' and state in ('created', 'retry', 'active', 'failed')) as dead,
      (select json_agg(q) from (
        select queue.name as queue, count(job.id)::int as jobs,
          min(job.start_after) filter (where job.state <> 'active' and job.start_after <= now()) as due
        from pgboss.queue left join pgboss.job on job.name = queue.name
          and job.state in ('created', 'retry', 'active', 'failed') and job.state <> 'failed'
        where queue.name in ('outbox', 'outbox-mail') group by queue.name) q) as queues,
      (select json_agg(c) from (
        select replace(application_name, 'registrar-', '') as pool, count(*)::int as count,
          case when wait_event_type = 'Lock' then 'waiting' when state = 'idle' then 'idle' else 'in_use' end as state
        from pg_stat_activity
        where datname = current_database() and application_name in ('registrar', 'registrar-outbox')
        group by 1, 3) c) as connections`);
  const at = (moment: string | null | undefined) => (moment ? new Date(moment) : null);
  return {
    pending: { count: row?.pending ?? 0, oldest: at(row?.oldest) },
    outbox: (row?.queues ?? []).map(({ queue, jobs, due }) => ({ queue, jobs, due: at(due) })),
    deadLetters: row?.dead ?? 0,
    connections: row?.connections ?? [],
  };
}
