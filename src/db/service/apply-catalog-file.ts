/** The catalog file: applies it to the services. */
import { sql } from 'drizzle-orm';
import type { ServiceAccess } from '../../domain/access.ts';
import { inParts } from '../../domain/pagination.ts';
import { approverChangeEffects, type CatalogService, ruleChangeEffects } from '../../domain/service.ts';
import { requestServiceLooks } from '../access/request.ts';
import { serviceRecordJson } from '../audit-log/service-record.ts';
import type { Db } from '../db.ts';

/** How many services are compared, and how many are written, in one statement: each far under its time limit. */
const compared = 2_000;
const written = 500;

/**
 * Applies the catalog file to the services, and records what changed. Services that were added in Slack are left alone. A
 * service that the file no longer names is handed to the admins in Slack and takes no new requests; its registrations stay.
 * What differs is written in batches, so that others can append to the record between them; a start that is interrupted is
 * continued by the next. Returns the slugs of what changed.
 */
export async function applyCatalogFile(
  db: Db,
  file: CatalogService[],
  at: Date,
): Promise<{ set: string[]; dropped: string[] }> {
  const differing = await findDiffering(db, file);
  const unnamed = await findUnnamed(db, new Set(file.map(({ slug }) => slug)));
  const changes = { set: [] as string[], dropped: [] as string[] };
  let toTell = maxTold;
  const batches = [
    ...inParts(differing, written).map((setting) => ({ setting, dropping: [] })),
    ...inParts(unnamed, written).map((dropping) => ({ setting: [], dropping })),
  ];
  for (const { setting, dropping } of batches) {
    const { set, dropped, told } = await applyBatch(db, setting, dropping, toTell, at);
    changes.set.push(...set);
    changes.dropped.push(...dropped);
    toTell -= told;
  }
  return changes;
}

const rowsOf = (file: CatalogService[]) => sql`jsonb_to_recordset(${JSON.stringify(file)}::jsonb) as file(
  slug text, name text, description text, docs text, "registrationEnabled" boolean, "autoApprove" boolean,
  channel text, approvers text[], access jsonb)`;

/**
 * Finds the services of the file that are not in the table as it says. It locks and writes nothing: mostly there are none.
 * Each is looked up by itself (`offset 0`): without statistics, PostgreSQL would read the whole table for each batch.
 */
async function findDiffering({ tables }: Db, file: CatalogService[]): Promise<CatalogService[]> {
  const differing = new Set<string>();
  for (const batch of inParts(file, compared)) {
    const rows = await tables.execute<{ slug: string }>(sql`
      select file.slug from ${rowsOf(batch)}
      left join lateral (select * from services where slug = file.slug offset 0) services on true
      where services.id is null
        or (services.name, services.description, services.docs, services.registration_enabled, services.auto_approve,
            services.channel, services.approvers, services.access, services.managed_by, services.retired_at)
          is distinct from (file.name, file.description, file.docs, file."registrationEnabled",
            file."autoApprove", file.channel, file.approvers, nullif(file.access, 'null'), 'file', null::timestamptz)`);
    for (const { slug } of rows) differing.add(slug);
  }
  return file.filter(({ slug }) => differing.has(slug));
}

/** Finds the services that a file has set before and no longer names. */
async function findUnnamed({ tables }: Db, named: Set<string>): Promise<string[]> {
  const unnamed: string[] = [];
  let rows: { id: string; slug: string }[];
  let after = '0';
  do {
    rows = await tables.execute<{ id: string; slug: string }>(sql`
      select id, slug from services where managed_by = 'file' and id > ${after} order by id limit ${compared}`);
    unnamed.push(...rows.map(({ slug }) => slug).filter((slug) => !named.has(slug)));
    after = rows.at(-1)?.id ?? after;
  } while (rows.length === compared);
  return unnamed;
}

/**
 * Sets some services and drops others, in one transaction. `toTell`: of how many that loosen their rules the channels are
 * told. Unlike elsewhere (see `append`), jobs are enqueued after the record: that takes no lock that another transaction
 * could hold.
 */
async function applyBatch(db: Db, file: CatalogService[], dropping: string[], toTell: number, at: Date) {
  return db.tables.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${catalogLock})`);
    const inFile = rowsOf(file);
    // Arrays: with a subselect, PostgreSQL may choose to walk through all services for each of these.
    const unnamed = sql`array(select jsonb_array_elements_text(${JSON.stringify(dropping)}::jsonb))`;
    const slugs = sql`array(select jsonb_array_elements_text(${JSON.stringify(file.map(({ slug }) => slug))}::jsonb))`;
    // An admin may be changing one of them: the lock makes `before` below what they commit.
    await tx.execute(sql`
      select from services where slug = any (${slugs} || ${unnamed}) order by id for update`);
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
        where managed_by = 'file' and slug = any (${unnamed})
        returning *),
      changed as (select *, false as dropped from set union all select *, true from dropped),
      recorded as (
        insert into service_changes (service_id, version, actor, before, after, at)
        select changed.id, changed.version, null, case when old.id is not null then fields.before end, fields.after,
          ${at.toISOString()}::timestamptz
        from changed
        -- Within this statement, services still has the rows from before.
        left join lateral (select * from services where id = changed.id offset 0) old on true
        cross join lateral (
          select jsonb_object_agg(now.key, was.value) as before, jsonb_object_agg(now.key, now.value) as after
          from jsonb_each(${sql.raw(serviceRecordJson('changed'))}) now
          left join jsonb_each(${sql.raw(serviceRecordJson('old'))}) was on was.key = now.key and old.id is not null
          where now.value is distinct from was.value) fields
        returning service_id, before is not null and after ?| array['channel', 'approvers', 'registrationEnabled', 'retired'] as follows,
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
      .map(({ id, was, now_is: after }) => ({ service: Number(id), before: was, after }));
    const loosening = changed.filter(({ loosened }) => loosened).slice(0, toTell);
    const told = loosening.flatMap(({ id, version, moved }) => ruleChangeEffects(Number(id), version, moved));
    if (changed.length > 0) {
      await db.outbox.enqueue(tx, [{ kind: 'catalog' }, ...told]);
      await db.outbox.enqueue(tx, follows, 'bulk');
      await requestServiceLooks(tx, db, access);
    }
    const which = (gone: boolean) => changed.filter(({ dropped }) => dropped === gone).map(({ slug }) => slug);
    return { set: which(false), dropped: which(true), told: loosening.length };
  });
}

/** How many services whose rules a file loosens are told of, each in its channel. The audit has all of them. */
const maxTold = 20;

/** The advisory lock under which one replica at a time applies the file. Any number, the same for all replicas. */
const catalogLock = 727_432;
