/** The approver settings of the services, for the doctor. */
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

type Tables = Pick<Db, 'tables'>;

/** How many distinct settings are listed. */
const maxSettings = 200;

/**
 * Lists the approver settings of the services that are in use, each distinct one once, with three of its services; without
 * those that the catalog file sets where `exceptOfFile`.
 */
export async function approverSettings({ tables }: Tables, { exceptOfFile }: { exceptOfFile: boolean }) {
  return tables.execute<{ approvers: string[]; channel: string | null; services: string[]; count: number }>(sql`
    select to_json(approvers) as approvers, channel, count(*)::int as count,
      to_json((array_agg(slug order by slug))[1:3]) as services
    from services where (not ${exceptOfFile}::boolean or managed_by <> 'file') and (
      (registration_enabled and retired_at is null)
      or id in (select service_id from registrations where status = 'pending'))
    group by services.approvers, channel
    order by count desc, min(slug) limit ${maxSettings}`);
}
