/** Rows by the million, set-based, as years of use would leave them. What one person has is the same among few and among many. */
import type { Database } from './place.ts';

/** The person who is measured owns this many applications, each with as many live registrations. */
export const mine = { owner: 'U0DANA', applications: 20, registrations: 10 };

/** Waiting requests, of many people and in one channel: all due for a reminder. */
const waiting = 1_000;

/** How many registrations each of the other applications has had. */
const perApplication = 10;

export async function fillCatalog({ sql }: Database, services: number): Promise<void> {
  await sql`
    insert into services (slug, name, description, managed_by)
    select 'service-' || n, initcap(w.noun) || ' ' || initcap(w.kind) || ' ' || n, 'The ' || w.kind || ' of ' || w.noun || ' for team ' || n % 977, 'slack'
    from generate_series(1, ${services}::int) n,
      lateral (select (array['payments','ledger','search','orders','catalog','identity','shipping','pricing','returns','stock'])[1 + n % 10] noun,
        (array['api','gateway','events','webhooks','reports','exports'])[1 + n / 10 % 6] kind) w`;
  await sql`vacuum analyze services`;
}

/** `total` registrations: one person's, the waiting ones, and for the rest what has long been decided or is closed. */
export async function fillRegistrations(database: Database, total: number): Promise<void> {
  const { sql } = database;
  const services = 1_000;
  await fillCatalog(database, services);
  const others = total - waiting - mine.applications * mine.registrations;
  const applications = Math.ceil(others / perApplication);
  await sql`
    insert into applications (name, created_by, created_at)
    select 'app ' || n, 'U' || n % ${Math.ceil(applications / 5)}::int, now() - interval '2 years' from generate_series(1, ${applications}::int) n`;
  await sql`insert into application_owners select id, created_by from applications`;
  const statuses = sql`(array['approved','approved','approved','unregistered','unregistered','rejected','revoked','deleted','expired','approved'])`;
  await insert(sql`
    select a.id, 1 + (a.id * 7 + k * 97) % ${services}::int, a.created_by, ${statuses}[1 + k % 10], now() - interval '1 day' * (1 + (a.id * 31 + k) % 700)
    from applications a, generate_series(1, ${perApplication}::int) k`);
  await sql`
    insert into applications (name, created_by, created_at)
    select 'waiting ' || n, 'U' || n, now() from generate_series(1, ${waiting}::int) n`;
  await insert(sql`
    select id, 1 + id % ${services}::int, created_by, 'pending', now() - interval '25 hours' from applications where name like 'waiting %'`);
  await sql`
    insert into applications (name, created_by, created_at)
    select 'mine ' || n, ${mine.owner}, now() from generate_series(1, ${mine.applications}::int) n`;
  await sql`insert into application_owners select id, created_by from applications where name ~ '^(mine|waiting) '`;
  await insert(sql`
    select a.id, k * 3, a.created_by, 'approved', now() - interval '3 days'
    from applications a, generate_series(1, ${mine.registrations}::int) k where a.name like 'mine %'`);
  await sql`
    insert into history (registration_id, version, actor, action, to_status, reason, at)
    select id, 1, requester, 'request', 'pending', 'why', requested_at from registrations where status = 'pending'`;
  for (const table of ['applications', 'application_owners', 'registrations', 'history']) {
    await sql.unsafe(`vacuum analyze ${table}`);
  }
  await sql`checkpoint`;

  /** Closed ones have no reminder to come; a foreign key need not be looked up for what has just been read. */
  function insert(rows: ReturnType<typeof sql>) {
    return sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`set local synchronous_commit = off`;
      await tx`
        insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, remind_at)
        select a, s, r, 'why', 'F' || a || '-' || s, st, 1, at, at, case st when 'pending' then at + interval '24 hours' end
        from (${rows}) as rows(a, s, r, st, at)
        on conflict do nothing`;
    });
  }
}
