/** The catalog file: applies it to the services. */
import { sql } from 'drizzle-orm';
import type { ServiceAccess } from '../../domain/access.ts';
import { approverChangeEffects, type CatalogService, ruleChangeEffects } from '../../domain/service.ts';
import { accessServiceEffects } from '../access/request.ts';
import { serviceRecordJson } from '../audit-log/service-record.ts';
import type { Db } from '../db.ts';

/**
 * Applies the catalog file to the services in one transaction, and records what changed. Services that were added in
 * Slack are left alone. A service that the file no longer names is handed to the admins in Slack and takes no new
 * requests; its registrations stay. Returns the slugs of what changed. Unlike elsewhere (see `append`), jobs are
 * enqueued after the record: that takes no lock that another transaction could hold.
 */
export async function applyCatalogFile(
  db: Db,
  file: CatalogService[],
  at: Date,
): Promise<{ set: string[]; dropped: string[] }> {
  return db.tables.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${catalogLock})`);
    const inFile = sql`jsonb_to_recordset(${JSON.stringify(file)}::jsonb) as file(
      slug text, name text, description text, docs text, "registrationEnabled" boolean, "autoApprove" boolean,
      channel text, approvers text[], access jsonb)`;
    // An admin may be changing one of them: the lock makes `before` below what they commit.
    await tx.execute(sql`
      select from services where managed_by = 'file' or slug in (select slug from ${inFile}) order by id for update`);
    const changed = await tx.execute<{
      slug: string;
      dropped: boolean;
      id: string;
      version: number;
      follows: boolean;
      was: ServiceAccess | null;
      now_is: ServiceAccess | null;
      changes_access: boolean;
      loosened: boolean;
      moved: boolean;
    }>(sql`
      with set as (
        insert into services (slug, name, description, docs, registration_enabled, auto_approve, channel, approvers, access,
          managed_by)
        select slug, name, description, docs, "registrationEnabled", "autoApprove", channel, approvers,
          nullif(access, 'null'), 'file' from ${inFile}
        on conflict (slug) do update set
          name = excluded.name, description = excluded.description, docs = excluded.docs,
          registration_enabled = excluded.registration_enabled, auto_approve = excluded.auto_approve,
          channel = excluded.channel, approvers = excluded.approvers, access = excluded.access, managed_by = 'file', retired_at = null,
          version = services.version + 1
        where (services.name, services.description, services.docs, services.registration_enabled, services.auto_approve,
            services.channel, services.approvers, services.access, services.managed_by, services.retired_at)
          is distinct from (excluded.name, excluded.description, excluded.docs, excluded.registration_enabled,
            excluded.auto_approve, excluded.channel, excluded.approvers, excluded.access, 'file', null::timestamptz)
        returning *),
      dropped as (
        update services set managed_by = 'slack', registration_enabled = false, version = version + 1
        where managed_by = 'file' and not exists (select from ${inFile} where file.slug = services.slug)
        returning *),
      changed as (select *, false as dropped from set union all select *, true from dropped),
      recorded as (
        insert into service_changes (service_id, version, actor, before, after, at)
        select changed.id, changed.version, null, case when old.id is not null then fields.before end, fields.after,
          ${at.toISOString()}::timestamptz
        from changed
        -- Within this statement, services still has the rows from before.
        left join services old on old.id = changed.id
        cross join lateral (
          select jsonb_object_agg(now.key, was.value) as before, jsonb_object_agg(now.key, now.value) as after
          from jsonb_each(${sql.raw(serviceRecordJson('changed'))}) now
          left join jsonb_each(${sql.raw(serviceRecordJson('old'))}) was on was.key = now.key and old.id is not null
          where now.value is distinct from was.value) fields
        returning service_id, before is not null and after ?| array['channel', 'approvers'] as follows,
          nullif(before->'access', 'null') as was, nullif(after->'access', 'null') as now_is,
          after ? 'access' and before is not null as changes_access,
          -- As \`loosensRules\` has it.
          before is not null and (after ?| array['channel', 'approvers'] or after -> 'autoApprove' = 'true'
            or after -> 'registrationEnabled' = 'true') as loosened,
          after ? 'channel' as moved)
      select slug, dropped, id, version, follows, was, now_is, changes_access, loosened, moved
      from changed join recorded on service_id = id`);
    const follows = changed
      .filter(({ follows }) => follows)
      .flatMap(({ id, version }) => approverChangeEffects(Number(id), version));
    const access = changed
      .filter(({ changes_access }) => changes_access)
      .flatMap(({ id, was, now_is }) => accessServiceEffects(Number(id), was, now_is));
    const told = changed
      .filter(({ loosened }) => loosened)
      .slice(0, maxTold)
      .flatMap(({ id, version, moved }) => ruleChangeEffects(Number(id), version, moved));
    if (changed.length > 0) await db.outbox.enqueue(tx, [{ kind: 'catalog' }, ...follows, ...access, ...told]);
    const slugs = (which: boolean) => changed.filter(({ dropped }) => dropped === which).map(({ slug }) => slug);
    return { set: slugs(false), dropped: slugs(true) };
  });
}

/** How many services whose rules a file loosens are told of, each in its channel. The audit has all of them. */
const maxTold = 20;

/** The advisory lock under which one replica at a time applies the file. Any number, the same for all replicas. */
export const catalogLock = 727_432;
