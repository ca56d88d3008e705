/**
 * State drift: rows that are not as their last event left them. They were changed past the bot, or their last events were
 * deleted together with the head of the chain.
 */
import type { Session } from '../connection/session.ts';
import { serviceRecordJson } from './service-record.ts';
import type { Subject } from './subject.ts';

/** Finds the first registration, application or service that differs from its events. */
export async function findDrift(session: Session): Promise<Subject | undefined> {
  return (await registrationDrift(session)) ?? (await applicationDrift(session)) ?? (await serviceDrift(session));
}

const subjectOf = (record: Subject['record'], [found]: { id: number }[]): Subject | undefined =>
  found && { record, id: found.id };

/** Finds a registration whose status or version is not that of its last event. */
const registrationDrift = async (session: Session) =>
  subjectOf(
    'registration',
    await session.query<{ id: number }>(`
      select r.id::float8 as id from registrations r
      left join lateral (
        select version, to_status from history where registration_id = r.id order by version desc limit 1) as last on true
      where (r.version, r.status) is distinct from (last.version, last.to_status)
      order by r.id limit 1`),
  );

/** Finds an application whose version, name, deletion or owners are not what its events led to. */
const applicationDrift = async (session: Session) =>
  subjectOf(
    'application',
    await session.query<{ id: number }>(`
      with recorded as (
        select application_id, person, (array_agg(came order by version desc))[1] as owns from (
          select application_id, version, unnest(removed) as person, false as came from application_history
          union all select application_id, version, unnest(added), true from application_history) as moves
        group by application_id, person),
      owners as (
        select coalesce(s.application_id, o.application_id) as id from recorded s
        full join application_owners o on o.application_id = s.application_id and o.user_id = s.person
        where (o.user_id is not null) is distinct from coalesce(s.owns, false))
      select a.id::float8 as id from applications a
      left join lateral (
        select version, name, action from application_history where application_id = a.id order by version desc limit 1)
        as last on true
      where (a.version, a.name, a.deleted_at is not null) is distinct from (last.version, last.name, last.action = 'delete')
        or a.id in (select id from owners)
      order by a.id limit 1`),
  );

/** Finds a service that differs from its events in a field. A service from before there was a record may have none. */
const serviceDrift = async (session: Session) =>
  subjectOf(
    'service',
    await session.query<{ id: number }>(`
      with recorded as (
        select distinct on (c.service_id, field.key) c.service_id, field.key, field.value
        from service_changes c cross join lateral jsonb_each(c.after) field
        order by c.service_id, field.key, c.version desc)
      select s.id::float8 as id from services s
      cross join lateral ${serviceRecordJson('s')} as current
      where s.version <> coalesce((select max(version) from service_changes c where c.service_id = s.id), 1)
        or exists (select from recorded r where r.service_id = s.id and r.value is distinct from current -> r.key)
      order by s.id limit 1`),
  );
