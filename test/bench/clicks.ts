/** Approve clicks on different cards, so many undecided at a time, until the database has committed them all. */
import { setTimeout as pause } from 'node:timers/promises';
import { send } from './load.ts';
import type { Database } from './place.ts';
import { click } from './requests.ts';
import type { Measured } from './rounds.ts';

const reason = 'Checkout for the shop, as agreed';

/** Where no click has been decided for so long, one was lost, or refused, in milliseconds. */
const patience = 60_000;

/** The public id of the service that requests are for, in every database of the bench. */
export const service = '00000000-0000-4000-8000-000000000001';

export const addService = ({ sql }: Database) =>
  sql`insert into services (public_id, slug, name, managed_by) values (${service}, 'payments', 'Payments API', 'slack') on conflict do nothing`;

/** Adds services. Returns their public ids. */
export async function addServices({ sql }: Database, count: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    insert into services (slug, name, managed_by)
    select 'service-' || n, 'Service ' || n, 'slack' from generate_series(1, ${count}::int) n returning public_id as id`;
  return rows.map(({ id }) => id);
}

/** Pending requests, each of an application of its own, by people who are not the approver. Returns their public ids. */
export async function fillPending(database: Database, count: number): Promise<string[]> {
  const { sql } = database;
  await addService(database);
  const rows = await sql<{ id: string }[]>`
    with made as (
      insert into applications (name, created_by, created_at)
      select 'app ' || gen_random_uuid(), 'U' || n % 97, now() from generate_series(1, ${count}::int) n returning id, created_by),
    owned as (insert into application_owners select id, created_by from made),
    asked as (
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, card_channel, card_ts, card_version)
      select made.id, s.id, created_by, ${reason}, 'F' || made.id, 'pending', 1, now(), now(), 'C0REQUESTS', '1700000000.1', 1
      from made, services s where s.slug = 'payments' returning id, public_id, requester),
    recorded as (
      insert into history (registration_id, version, actor, action, to_status, reason, at)
      select id, 1, requester, 'request', 'pending', ${reason}, now() from asked)
    select public_id as id from asked`;
  await sql`analyze registrations`;
  return rows.map(({ id }) => id);
}

/**
 * What is acknowledged is not yet decided: the record is asked every other millisecond, and as many clicks follow as have
 * been committed. `ports` take turns.
 */
export async function approveAll(
  ports: number[],
  { sql }: Database,
  ids: string[],
  inFlight: number,
): Promise<Measured> {
  const began = performance.now();
  const answers: Promise<string>[] = [];
  let committed = 0;
  let latest = began;
  while (committed < ids.length) {
    if (performance.now() - latest > patience) throw new Error(`${committed} of ${ids.length} clicks were decided`);
    while (answers.length < ids.length && answers.length - committed < inFlight) {
      const index = answers.length;
      const value = `${ids[index]}@1`;
      answers.push(
        send(ports[index % ports.length] ?? 0, click('U0ALEX', 'approve', value, 'http://127.0.0.1:9/none')),
      );
    }
    await pause(2);
    const [row] = await sql`select count(*)::int from history join registrations r on r.id = registration_id
        where history.version = 2 and public_id = any (${ids}::uuid[])`;
    const count = row?.count ?? 0;
    if (count > committed) latest = performance.now();
    committed = count;
  }
  await Promise.all(answers);
  return { perSecond: ids.length / ((performance.now() - began) / 1000) };
}

/** Waits until all messages are out; returns how long that took, in seconds. */
export async function drained({ sql }: Database): Promise<number> {
  const began = performance.now();
  const waits = () => sql<{ kind: string; cause: string | null }[]>`
    select kind, cause from outbox where dead_at is null and kind <> 'copies' limit 1`;
  for (let [left] = await waits(); left; [left] = await waits()) {
    if (left.cause) throw new Error(`${left.kind} is not delivered: ${left.cause}`);
    await pause(20);
  }
  return (performance.now() - began) / 1000;
}
