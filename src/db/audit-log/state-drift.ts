/**
 * State drift: rows that are not as their events left them. They were changed past the bot, or their last events were deleted
 * together with the head of the chain. Every column that people or the bot read is compared with what the events say.
 */
import type { Session } from '../connection/session.ts';
import { serviceRecordJson } from './service-record.ts';
import type { Subject } from './subject.ts';

/** What differs: a subject and its columns. */
export type Drift = {
  of: Subject;
  /** `unrecorded`: it has no beginning in the record. `gone`: it has events, and no row. */
  why: 'unrecorded' | 'gone' | 'differs';
  columns: string[];
};

/** Finds the first registration, application, service or access that differs from its events. */
export async function findDrift(session: Session): Promise<Drift | undefined> {
  for (const [record, select] of Object.entries(drifts)) {
    const [found] = await session.query<{ id: number; why: Drift['why']; columns: string[] }>(`
      select id::float8 as id, why, columns from (${select}) as compared
      where why <> 'differs' or columns <> '{}' order by id limit 1`);
    if (found)
      return { of: { record: record as Subject['record'], id: found.id }, why: found.why, columns: found.columns };
  }
  return undefined;
}

/** Selects the names of the columns whose condition is true. */
const columnsWhere = (conditions: Record<string, string>) =>
  `array_remove(array[${Object.entries(conditions)
    .map(([column, differs]) => `case when ${differs} then '${column}' end`)
    .join(', ')}], null)`;

/** Selects what a baseline says of each subject of a kind. */
const baselinesOf = (record: Subject['record']) => `
  select fact.key::bigint as id, fact.value as facts, b.people -> fact.key as people
  from audit_baselines b cross join lateral jsonb_each(b.facts) fact where b.record = '${record}'`;

/**
 * A registration's first event says who asked and when; its last one its status, and who changed it; its last request or edit
 * the reason. What it is for is vouched for by each event, and by the baseline; who owned the application when it was asked for, by
 * the application's events before.
 */
const registrations = `
  with baselines as materialized (${baselinesOf('registration')})
  select coalesce(r.id, e.id) as id,
    case when r.id is null then 'gone' when first.action is distinct from 'request' or e.covers is null then 'unrecorded'
      else 'differs' end as why,
    ${columnsWhere({
      version: 'r.version <> e.latest or e.events <> e.latest',
      status: 'r.status <> last.to_status',
      requester: 'r.requester is distinct from first.actor',
      requested_at: 'r.requested_at <> first.at',
      reason: 'r.reason is distinct from said.reason',
      changed_at: 'r.changed_at <> last.at',
      changed_by: 'r.changed_by is distinct from case when last.version > 1 then last.actor end',
      change_reason: 'r.change_reason is distinct from case when last.version > 1 then last.reason end',
      service_id: "e.otherwise_indexed or r.service_id::text <> e.covers ->> 'service'",
      application_id: "r.application_id::text <> e.covers ->> 'application'",
      public_id: "r.public_id::text <> e.covers ->> 'publicId'",
      covers: 'e.coverings > 1',
      owners_at_request: `r.owners_at_request is distinct from case when first.chain = 1
        then array(select jsonb_array_elements_text(b.people)) else asked.owners end`,
    })} as columns
  from registrations r
  full join (
    select registration_id as id, count(*) as events, max(version) as latest,
      (array_agg(coalesce(h.covers, b.facts)))[1] as covers,
      count(distinct coalesce(h.covers, b.facts)) as coverings,
      count(distinct h.service_id) > 1 or min(h.service_id)::text <> (array_agg(coalesce(h.covers, b.facts)))[1] ->> 'service'
        as otherwise_indexed
    from history h left join baselines b on b.id = h.registration_id group by registration_id) e on e.id = r.id
  left join history first on first.registration_id = r.id and first.version = 1
  left join history last on last.registration_id = r.id and last.version = e.latest
  left join baselines b on b.id = r.id and first.chain = 1
  left join lateral (
    select coalesce(array_agg(person order by person), '{}') as owners from (
      select person from (
        select unnest(added) as person, version, true as came from application_history
        where application_id = r.application_id and seq < first.seq
        union all select unnest(removed), version, false from application_history
        where application_id = r.application_id and seq < first.seq) as moves
      group by person having (array_agg(came order by version desc))[1]) as owned) asked on first.chain > 1
  left join lateral (
    select reason from history where registration_id = r.id and action in ('request', 'edit') and reason is not null
    order by version desc limit 1) said on true`;

/** An application's owners are those who were added, and not removed since. */
const applications = `
  with baselines as materialized (${baselinesOf('application')}),
  recorded as (
    select application_id, person, (array_agg(came order by version desc))[1] as owns from (
      select application_id, version, unnest(removed) as person, false as came from application_history
      union all select application_id, version, unnest(added), true from application_history) as moves
    group by application_id, person),
  owners as (
    select distinct coalesce(s.application_id, o.application_id) as id from recorded s
    full join application_owners o on o.application_id = s.application_id and o.user_id = s.person
    where (o.user_id is not null) is distinct from coalesce(s.owns, false))
  select coalesce(a.id, e.id) as id,
    case when a.id is null then 'gone' when first.action is distinct from 'create' or e.public_id is null then 'unrecorded'
      else 'differs' end as why,
    ${columnsWhere({
      version: 'a.version <> e.latest or e.events <> e.latest',
      name: 'a.name <> last.name',
      created_by: 'a.created_by is distinct from first.actor',
      created_at: 'a.created_at <> first.at',
      deleted_at: "a.deleted_at is distinct from case when last.action = 'delete' then last.at end",
      public_id: 'a.public_id::text <> e.public_id',
      covers: 'e.coverings > 1',
      owners: 'o.id is not null',
    })} as columns
  from applications a
  full join (
    select application_id as id, count(*) as events, max(version) as latest,
      min(coalesce(h.covers, b.facts) ->> 'publicId') as public_id,
      count(distinct coalesce(h.covers, b.facts)) as coverings
    from application_history h left join baselines b on b.id = h.application_id group by application_id) e on e.id = a.id
  left join application_history first on first.application_id = a.id and first.version = 1
  left join application_history last on last.application_id = a.id and last.version = e.latest
  left join owners o on o.id = a.id`;

/** Each field of a service has the value that its last change, or the baseline, gave it. */
const services = `
  with baselines as materialized (${baselinesOf('service')}),
  changes as (
    select service_id, version, 1 as step, covers, before is null and version = 1 as begins, after || case
        when (after -> 'retired') is null then '{}'
        when (after -> 'retired')::boolean then jsonb_build_object('retiredAt', at) else '{"retiredAt": null}' end as fields
    from service_changes
    union all
    select id, (facts ->> 'version')::int, 0, jsonb_build_object('publicId', facts -> 'publicId'), true,
      facts - 'version' - 'publicId' - 'retiredAt'
        || jsonb_build_object('approvers', people, 'retiredAt', (facts ->> 'retiredAt')::timestamptz)
    from baselines),
  recorded as (
    select distinct on (service_id, field.key) service_id, field.key, field.value
    from changes cross join lateral jsonb_each(fields) field
    order by service_id, field.key, version desc, step desc),
  fields as (select service_id, jsonb_object_agg(key, value) as recorded from recorded group by service_id)
  select coalesce(s.id, e.id) as id,
    case when s.id is null then 'gone' when e.begins is not true or e.public_id is null then 'unrecorded' else 'differs' end as why,
    differing.columns || ${columnsWhere({
      version: 's.version <> e.latest',
      public_id: 's.public_id::text <> e.public_id',
      covers: 'e.coverings > 1',
    })} as columns
  from services s
  full join (
    select service_id as id, max(version) as latest, bool_or(begins) as begins, min(covers ->> 'publicId') as public_id,
      count(distinct covers) as coverings
    from changes group by service_id) e on e.id = s.id
  left join fields f on f.service_id = e.id
  left join lateral (
    select coalesce(array_agg(current.key order by current.key), '{}') as columns
    from jsonb_each(${serviceRecordJson('s')} || jsonb_build_object('retiredAt', s.retired_at)) current
    where s.id is not null and current.value is distinct from coalesce(f.recorded -> current.key, 'null')) differing on true`;

/** Access is open where the last event of its group granted it. Keys are those that events made, and removed. */
const access = `
  with granted as (
    select distinct on (application_id, gateway, subject) * from access_history where action in ('granted', 'removed')
    order by application_id, gateway, subject, version desc),
  keys as (
    select application_id, gateway, last_four, made_by as person, 'key-made' as action from application_keys where shown
    union all select application_id, gateway, last_four, removed_by, 'key-gone' from application_keys where shown and (gone or back)),
  compared_keys as (
    select application_id, sum(kept) as difference from (
      select application_id, gateway, last_four, person, action, 1 as kept from keys
      union all select application_id, gateway, subject, actor, case action when 'key-made' then action else 'key-gone' end, -1
      from access_history where action in ('key-made', 'key-removed', 'key-lost')) both_sides
    group by application_id, gateway, last_four, person, action)
  select coalesce(a.application_id, g.application_id) as id, 'differs' as why, ${columnsWhere({
    open: "coalesce(a.open, false) <> coalesce(g.action = 'granted', false)",
    since: "a.open and g.action = 'granted' and a.since <> g.at",
  })} as columns
  from application_access a
  full join granted g on g.application_id = a.application_id and g.gateway = a.gateway and g.subject = a.group_name
  union all select application_id, 'differs', '{keys}' from compared_keys where difference <> 0`;

const drifts = { registration: registrations, application: applications, service: services, access };
