/** What access the next start would grant and take away: for a look before it. Read-only; the tables may be an older version's. */
import { sql } from 'drizzle-orm';
import type { ServiceAccess } from '../../domain/access.ts';
import { connect } from '../client.ts';

/** A step at a gateway, for an application, and the services that it is for. */
export type Planned = {
  kind: 'grant' | 'remove';
  application: string;
  gateway: string;
  group: string;
  services: string[];
};

/** Reads the plan. `file` has the access of services in the catalog file; the others' is the database's. */
export async function readPlan(url: string, file: ReadonlyMap<string, ServiceAccess | null>): Promise<Planned[]> {
  const { tables, close } = connect(url, { default_transaction_read_only: true });
  try {
    const approved = await tables.execute<{
      id: string;
      application: string;
      slug: string;
      access: ServiceAccess | null;
    }>(sql`
      select a.id, a.name as application, s.slug, to_jsonb(s)->'access' as access
      from registrations r join services s on s.id = r.service_id join applications a on a.id = r.application_id
      where r.status = 'approved' and a.deleted_at is null order by a.name, s.slug`);
    const [{ exists } = { exists: false }] = await tables.execute<{ exists: boolean }>(
      sql`select to_regclass('application_access') is not null as exists`,
    );
    const known = exists
      ? await tables.execute<{
          id: string;
          application: string;
          gateway: string;
          group: string;
          open: boolean | null;
        }>(sql`
          select a.id, a.name as application, gateway, group_name as "group", open
          from application_access join applications a on a.id = application_id
          where open is distinct from false order by a.name, gateway, group_name`)
      : [];
    return planOf(approved, known, file);
  } finally {
    await close();
  }
}

type Place = { id: string; application: string; gateway: string; group: string };
const keyOf = ({ id, gateway, group }: Omit<Place, 'application'>): string => `${id} ${gateway} ${group}`;

function planOf(
  approved: { id: string; application: string; slug: string; access: ServiceAccess | null }[],
  known: (Place & { open: boolean | null })[],
  file: ReadonlyMap<string, ServiceAccess | null>,
): Planned[] {
  const wanted = new Map<string, Planned>();
  for (const { id, application, slug, access: stored } of approved) {
    const access = file.has(slug) ? file.get(slug) : stored;
    if (!access) continue;
    const { gateway, group } = access;
    const key = keyOf({ id, gateway, group });
    const services = [...(wanted.get(key)?.services ?? []), slug];
    wanted.set(key, { kind: 'grant', application, gateway, group, services });
  }
  const open = new Set(known.filter((row) => row.open).map(keyOf));
  const grants = [...wanted].flatMap(([key, planned]) => (open.has(key) ? [] : [planned]));
  const removals = known
    .filter((row) => !wanted.has(keyOf(row)))
    .map(({ application, gateway, group }): Planned => ({ kind: 'remove', application, gateway, group, services: [] }));
  return [...grants, ...removals];
}
