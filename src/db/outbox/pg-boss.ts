/**
 * The way over from version 0.1, whose outbox was pg-boss's tables. A start moves what they hold into the table of our own,
 * in one transaction, and has whatever a replica of that version still enqueues be moved as it is inserted: so such a
 * replica finds nothing to deliver, and there is one outbox. A later start drops pg-boss's schema.
 */
import { sql } from 'drizzle-orm';
import type { Drizzle } from '../client.ts';
import { RequirementError } from '../errors.ts';
import { migrationLock } from '../migrate.ts';
import { outboxChannel } from './store.ts';

const queues = `('outbox', 'outbox-mail', 'outbox-dead')`;

/** As long as that version lets a delivery take: what it is delivering just now is left to it for so long, and then looked for. */
const inFlight = `interval '60 seconds'`;

/** The columns of a job of ours, from a job \`j\` of pg-boss's. */
const columns = `queue, lane, priority, front, run_at, retries, unsure, enqueued_at, slot, destination, cause, dead_at, effect`;
const values = `
  case when j.data->>'kind' = 'mail' then 'outbox-mail' else 'outbox' end,
  coalesce(j.singleton_key, j.data->>'kind'),
  case when j.priority = 0 then 1 else 0 end,
  j.name <> 'outbox-dead',
  case when j.state = 'active' then now() + ${inFlight} else j.start_after end,
  j.retry_count,
  j.state = 'active' or j.retry_count > 0 or j.name = 'outbox-dead' or coalesce((j.data->>'unsure')::boolean, false),
  coalesce((j.data->>'since')::timestamptz, j.source_created_on, j.created_on),
  (j.data->>'turn')::timestamptz,
  case when j.name = 'outbox-dead' then coalesce(j.data->>'place', 'cards') else j.output->>'place' end,
  case when j.name = 'outbox-dead' then coalesce(j.data->>'why', 'crashed') else j.output->>'why' end,
  case when j.name = 'outbox-dead' then j.created_on end,
  j.data - array['since', 'turn', 'unsure'] - case when j.name = 'outbox-dead' then array['place', 'why'] else array[]::text[] end`;
/** What failed for good in the other queues has a copy among the dead letters. */
const kept = `j.name = 'outbox-dead' and j.state in ('created', 'retry', 'active', 'failed') or j.state in ('created', 'retry', 'active')`;

export type TakenOver = 'nothing' | 'dropped' | { moved: number };

/** Takes over what pg-boss's tables hold. Safe to call by many replicas at once, and cut short at any point. */
export async function takeOverPgBoss({ tables }: { tables: Drizzle }): Promise<TakenOver> {
  return tables.transaction(async (tx): Promise<TakenOver> => {
    await tx.execute(sql`select pg_advisory_xact_lock(${migrationLock})`);
    // Not to_regclass: a role without rights in that schema sees there what others have.
    const [found] = await tx.execute<{ ours: string; mayAlter: boolean | null; prepared: boolean }>(sql`
      select c.relnamespace::regnamespace::text || '.outbox' as ours, pg_has_role(theirs.relowner, 'USAGE') as "mayAlter",
        exists (select from pg_trigger where tgrelid = theirs.oid and tgname = 'enqueue_in_registrar') as prepared
      from pg_class c left join (pg_class theirs join pg_namespace n on n.oid = theirs.relnamespace and n.nspname = 'pgboss')
        on theirs.relname = 'job'
      where c.oid = to_regclass('outbox')`);
    if (!found || found.mayAlter === null) return 'nothing';
    if (!found.mayAlter) {
      // The owner has moved it, and the trigger moves what still comes.
      if (found.prepared) return 'nothing';
      throw new RequirementError([
        'database: the outbox of version 0.1 is still to be taken over, which only the owner of its tables can do: run npm run migrate as the owner',
      ]);
    }
    const { ours } = found;
    // A replica that enqueues there waits for the trigger.
    await tx.execute(sql`lock table pgboss.job in share row exclusive mode`);
    const [row] = await tx.execute<{ moved: number; total: number }>(
      sql.raw(`
        with gone as (delete from pgboss.job where name in ${queues} returning *),
        moved as (
          insert into ${ours} (${columns}) select ${values} from gone j where ${kept}
          order by j.name = 'outbox-dead' desc, j.state desc, coalesce((j.data->>'since')::timestamptz, j.created_on), j.id
          returning 1)
        select (select count(*)::int from moved) as moved, (select count(*)::int from gone) as total`),
    );
    if (row?.total === 0 && (await isAbandoned(tx))) {
      await tx.execute(sql`drop schema pgboss cascade`);
      return 'dropped';
    }
    await tx.execute(
      sql.raw(`
        create or replace function pgboss.enqueue_in_registrar() returns trigger language plpgsql as $$ begin
          insert into ${ours} (${columns}) select ${values} from (select new.*) j where ${kept};
          perform pg_notify('${outboxChannel}', '');
          return null;
        end $$`),
    );
    await tx.execute(sql`drop trigger if exists enqueue_in_registrar on pgboss.job`);
    await tx.execute(
      sql.raw(`
        create trigger enqueue_in_registrar before insert on pgboss.job for each row
        when (new.name in ${queues}) execute function pgboss.enqueue_in_registrar()`),
    );
    return { moved: row?.moved ?? 0 };
  });
}

/** Tells whether neither a replica of version 0.1 is connected, nor another program has queues there. */
async function isAbandoned(tx: Pick<Drizzle, 'execute'>): Promise<boolean> {
  const [row] = await tx.execute<{ abandoned: boolean }>(
    sql.raw(`
      select not exists (select from pgboss.queue where name not in ${queues})
        and not exists (
          select from pg_stat_activity where datname = current_database() and application_name = 'registrar-outbox')
        as abandoned`),
  );
  return row?.abandoned === true;
}
