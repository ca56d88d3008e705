/** A big company: many services, applications and requests, put into the tables without anybody asking. */
import type { TestDatabase } from './database.ts';

/** Each registration is of an application of its own, for the service of the same number; pending ones are `requester`'s. */
export async function seedLargeCatalog(
  { sql }: TestDatabase,
  {
    services,
    owner,
    registrations,
    requester,
    pending,
  }: Record<'services' | 'registrations' | 'pending', number> & Record<'owner' | 'requester', string>,
): Promise<void> {
  const at = new Date('2026-11-01T09:00:00Z');
  await sql`
    insert into services (slug, name, description, managed_by)
    select 's-' || n, 'S-' || lpad(n::text, 4, '0') || ' ' || repeat('ä<&', 30), repeat('d', 900), 'slack' from generate_series(1, ${services}::int) n`;
  for (const [person, count, status] of [
    [owner, registrations, 'approved'],
    [requester, pending, 'pending'],
  ] as const) {
    await sql`
      insert into applications (name, created_by, created_at)
      select ${person} || ' ' || lpad(n::text, 3, '0') || ' ' || repeat('<!&', 15), ${person}, ${at} from generate_series(1, ${count}::int) n`;
    await sql`insert into application_owners select id, ${person} from applications where created_by = ${person}`;
    await sql`
      with numbered as (select id, row_number() over (order by id) n from applications where created_by = ${person}),
        made as (
          insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
          select a.id, s.id, ${person}, repeat('"<why>" ', 125), 'V' || a.id, ${status}, 1,
            ${at}::timestamptz + make_interval(secs => a.n), ${at}
          from numbered a, services s where s.slug = 's-' || a.n returning *)
      insert into history (registration_id, version, actor, action, to_status, reason, at)
      select id, 1, requester, 'request', status, reason, requested_at from made`;
  }
}
