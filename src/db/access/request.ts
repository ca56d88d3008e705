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

/** Requests a look at every gateway where an application has, or may have, a group: it was deleted. */
export async function requestRemovalOfAll(tx: Tx, db: Db, application: number): Promise<void> {
  const known = await tx.execute<{ gateway: string }>(sql`
    select distinct gateway from ${applicationAccess} where application_id = ${application}
    union select distinct s.access->>'gateway' from registrations r join services s on s.id = r.service_id
      where r.application_id = ${application} and s.access is not null`);
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
    const rows = await tx.execute<{ application: string }>(sql`
      select application_id as application from (
        select application_id from registrations where service_id = ${service} and status = 'approved'
        union select a.application_id from ${applicationAccess} a join registrations r on r.id = a.registration_id
          where r.service_id = ${service}) all_of_them
      where application_id > ${after} order by application_id limit ${batch}`);
    const changes = rows.map(({ application }) => ({ application: Number(application), gateway, removes }));
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
