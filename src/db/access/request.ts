/** Requests to look at access: for the transaction of whatever changes who should have it. */
import { sql } from 'drizzle-orm';
import { type AccessChange, isSameGroup, type ServiceAccess } from '../../domain/access.ts';
import { type Effect, laneOf } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { hurry } from '../outbox/urgency.ts';
import { updateButtonsOf } from '../registration/owner-messages.ts';
import { applicationAccess } from '../schema/access.ts';

const effectOf = ({ application, gateway }: AccessChange): Effect => ({ kind: 'access', application, gateway });

/** Returns the looks at gateways that grants need: they are enqueued with the other effects of the change. */
export const grantEffects = (changes: AccessChange[]): Effect[] =>
  changes.filter(({ removes }) => !removes).map(effectOf);

/**
 * Enqueues the looks at gateways that removals need. They go before grants, and do not wait for the retry of what has failed
 * there before.
 */
export async function requestRemovals(tx: Tx, { outbox }: Db, changes: AccessChange[]): Promise<void> {
  const removals = changes.filter(({ removes }) => removes).map(effectOf);
  if (removals.length === 0) return;
  await outbox.enqueue(tx, removals, 'act');
  await hurry(tx, removals.map(laneOf));
}

/**
 * Requests a look at every gateway where an application may have a group: it was deleted. What was never looked at has nothing
 * there, and a look that waits will see that the application is gone. It steps from gateway to gateway.
 */
export async function requestRemovalOfAll(tx: Tx, db: Db, application: number): Promise<void> {
  const next = (after: ReturnType<typeof sql>) => sql`(
    select min(gateway) from ${applicationAccess} where application_id = ${application} ${after})`;
  const known = await tx.execute<{ gateway: string }>(sql`
    with recursive known(gateway) as (
      select ${next(sql``)} union all
      select ${next(sql`and application_access.gateway > known.gateway`)} from known where known.gateway is not null)
    select gateway from known where gateway is not null`);
  await requestRemovals(
    tx,
    db,
    known.map(({ gateway }) => ({ application, gateway, removes: true })),
  );
}

/** A change of a service's access; null and undefined are none. */
export type ServiceAccessChange = {
  service: number;
  before: ServiceAccess | null | undefined;
  after: ServiceAccess | null | undefined;
};

/**
 * Enqueues what changes of services' access need: looks at the gateways of before and after, for each application. The groups
 * that are no longer given go first.
 */
export async function requestServiceLooks(tx: Tx, { outbox }: Db, changes: ServiceAccessChange[]): Promise<void> {
  const looks = changes.flatMap(({ service, before, after }) => {
    const gateways = new Set([before?.gateway, after?.gateway].filter((name) => name !== undefined));
    const lost = before && !isSameGroup(before, after) ? before.gateway : undefined;
    return [...gateways].map((gateway) => ({ service, gateway, after: 0, removes: gateway === lost }));
  });
  const effects = (removes: boolean) =>
    looks.filter((one) => one.removes === removes).map((one): Effect => ({ kind: 'access-service', ...one }));
  await outbox.enqueue(tx, effects(true), 'act');
  await outbox.enqueue(tx, effects(false), 'bulk');
}

/** How many applications are looked at in one transaction. */
const batch = 200;

/**
 * Requests looks for a batch of the applications registered for a service, after an id, and has the messages updated that
 * offer them keys. Returns the last id; undefined at the end.
 */
export async function requestForService(
  db: Db,
  { service, gateway, after, removes = false }: Omit<Extract<Effect, { kind: 'access-service' }>, 'kind'>,
): Promise<number | undefined> {
  return db.tables.transaction(async (tx) => {
    // Also those whose registration has ended: its group may still be open.
    const rows = await tx.execute<{ application: string; concerned: boolean }>(sql`
      select application, exists (
          select from registrations r left join ${applicationAccess} a on a.registration_id = r.id
          where r.service_id = ${service} and r.application_id = application
            and (r.status = 'approved' or a.registration_id is not null)) as concerned
      from (
        select distinct application_id as application from registrations
        where service_id = ${service} and application_id > ${after} order by application_id limit ${batch}) registered
      order by application`);
    const concerned = rows.filter((row) => row.concerned);
    const changes = concerned.map(({ application }) => ({ application: Number(application), gateway, removes }));
    await requestRemovals(tx, db, changes);
    await db.outbox.enqueue(tx, grantEffects(changes), 'bulk');
    const registered = await tx.execute<{ id: string }>(sql`
      select id from registrations where service_id = ${service} and status = 'approved'
        and application_id in (select jsonb_array_elements_text(${JSON.stringify(rows.map(({ application }) => application))}::jsonb)::bigint)`);
    await updateButtonsOf(tx, db, { ids: registered.map(({ id }) => Number(id)) }, 'bulk');
    return rows.length === batch ? Number(rows.at(-1)?.application) : undefined;
  });
}

/** Lists the gateways that are known here and those that services or applications still name, so that none waits unseen. */
export async function listGateways({ tables }: Pick<Db, 'tables'>, known: string[]): Promise<string[]> {
  const rows = await tables.execute<{ gateway: string }>(sql`
    select distinct access->>'gateway' as gateway from services where access is not null
    union select distinct gateway from ${applicationAccess}`);
  return [...new Set([...known, ...rows.map(({ gateway }) => gateway)])];
}
