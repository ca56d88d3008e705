/** Years of use, put into the tables at once: enough that reading one from end to end is not the quickest way. */
import type { TestDatabase } from './database.ts';

/** Dana has two applications among thousands; of her company's registrations a few wait, the others are long decided. */
export async function years({ sql }: TestDatabase): Promise<void> {
  const rows = 20_000;
  const waiting = 200;
  await sql.begin(async (tx) => {
    // Neither foreign keys nor the record's chain are looked after for what is only here to be many.
    await tx`set local session_replication_role = replica`;
    await tx`
      insert into services (slug, name, description, managed_by)
      select 's-' || n, (array['Payments','Ledger','Search','Orders'])[1 + n % 4] || ' API ' || n, 'of team ' || n % 97 || repeat(' and so on', 60), 'slack'
      from generate_series(1, 5000) n`;
    await tx`
      insert into applications (name, created_by, created_at)
      select 'App ' || n, case when n <= 2 then 'U0DANA' else 'U' || n / 4 end, now() from generate_series(1, ${rows}::int) n`;
    await tx`insert into application_owners select id, created_by from applications`;
    await tx`
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, remind_at)
      select a.id, 1 + a.id % 5000, created_by, 'why', 'V' || a.id,
        case when a.id <= ${waiting} then 'pending' else (array['approved','rejected','unregistered'])[1 + a.id % 3] end,
        1, now(), now(), now() + interval '1 day' from applications a`;
    await tx`
      insert into history (registration_id, version, actor, action, to_status, reason, at, seq)
      select id, 1, requester, 'request', 'pending', reason, requested_at, -id from registrations`;
  });
  // A vacuum also merges what was just inserted into the trigram index.
  await sql`vacuum analyze services`;
  await sql`analyze`;
}
