/** The health of the database, for the doctor: version, migrations, privileges and approver settings. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** What `inspect` finds. */
export type DatabaseHealth = {
  /** The version as text, and as PostgreSQL's `server_version_num`, such as 180001. */
  version: string;
  number: number;
  /** `unknown`: a newer version of Registrar has applied migrations. */
  migrations: { applied: number; missing: number; unknown: boolean };
  trigrams: 'installed' | 'available' | 'absent';
  /** Whether this user may create what the migrations create. */
  mayCreate: boolean;
};

type Tables = Pick<Db, 'tables'>;

/** Inspects the database. Changes nothing. */
export async function inspect({ tables }: Tables): Promise<DatabaseHealth> {
  const [row] = await tables.execute<{
    version: string;
    number: number;
    migrated: boolean;
    trigrams: DatabaseHealth['trigrams'];
    mayCreate: boolean;
  }>(sql`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
      to_regclass('drizzle.__drizzle_migrations') is not null as migrated,
      case when exists (select from pg_extension where extname = 'pg_trgm') then 'installed'
        when exists (select from pg_available_extensions where name = 'pg_trgm') then 'available' else 'absent' end as trigrams,
      has_database_privilege(current_database(), 'CREATE') and has_schema_privilege('public', 'CREATE') as "mayCreate"`);
  if (!row) throw new Error('the database returned no row about itself');
  const applied = row.migrated ? await appliedMigrations(tables) : [];
  const known = knownMigrations();
  return {
    ...row,
    migrations: {
      applied: applied.length,
      missing: known.filter((when) => !applied.includes(when)).length,
      unknown: applied.some((when) => !known.includes(when)),
    },
  };
}

/** Lists the migrations that were applied, by their time. */
async function appliedMigrations(tables: Db['tables']): Promise<number[]> {
  const rows = await tables.execute<{ when: number }>(
    sql`select created_at::float8 as when from drizzle.__drizzle_migrations`,
  );
  return rows.map(({ when }) => when);
}

/** Lists the migrations of this version, by their time. */
function knownMigrations(): number[] {
  const journal: { entries: { when: number }[] } = JSON.parse(
    readFileSync(new URL('../../migrations/meta/_journal.json', import.meta.url), 'utf8'),
  );
  return journal.entries.map(({ when }) => when);
}

/** How many distinct settings are listed. */
const maxSettings = 200;

/** Lists the approver settings of the services that are in use, each distinct one once, with three of its services. */
export async function approverSettings({ tables }: Tables) {
  return tables.execute<{ approvers: string[]; channel: string | null; services: string[]; count: number }>(sql`
    select to_json(approvers) as approvers, channel, count(*)::int as count,
      to_json((array_agg(slug order by slug))[1:3]) as services
    from services where (registration_enabled and retired_at is null)
      or id in (select service_id from registrations where status = 'pending')
    group by services.approvers, channel
    order by count desc, min(slug) limit ${maxSettings}`);
}
