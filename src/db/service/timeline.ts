/** The timeline of a service: its changes and the events of its registrations, newest first. */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { HistoryEvent } from '../../domain/registration.ts';
import type { ServiceChange } from '../../domain/service.ts';
import type { Db } from '../db.ts';
import { applications, history, registrations } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';

/** An event of a registration, or a change of the service itself: `registration` is 0 then. */
export type ServiceEvent =
  | { registration: number; version: number; at: Date; entry: HistoryEvent; application: string; requester: string }
  | { registration: 0; version: number; at: Date; change: ServiceChange };

/** Where a page ends and the next begins. The three fields order the events completely: no page repeats or skips one. */
export type Cursor = Pick<ServiceEvent, 'registration' | 'version' | 'at'>;

/** Lists the events before a cursor, or the newest; at most `limit`. Reads no more rows of either kind, from an index. */
export async function listPage(db: Db, service: number, before: Cursor | null, limit: number): Promise<ServiceEvent[]> {
  const [events, changes] = await Promise.all([
    eventsOf(db, service, before, limit),
    changesOf(db, service, before, limit),
  ]);
  return [...events, ...changes].sort(newestFirst).slice(0, limit);
}

const newestFirst = (one: Cursor, other: Cursor): number =>
  other.at.getTime() - one.at.getTime() || other.registration - one.registration || other.version - one.version;

async function eventsOf(db: Db, service: number, before: Cursor | null, limit: number): Promise<ServiceEvent[]> {
  const { serviceId, registrationId, version, at } = history;
  const earlier =
    before &&
    sql`(${at}, ${registrationId}, ${version}) < (${timestamp(before)}, ${before.registration}, ${before.version})`;
  const rows = await db.tables
    .select({ entry: history, application: applications.name, requester: registrations.requester })
    .from(history)
    .innerJoin(registrations, eq(registrations.id, registrationId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(and(eq(serviceId, service), earlier ?? undefined))
    .orderBy(desc(at), desc(registrationId), desc(version))
    .limit(limit);
  return rows.map(({ entry, ...who }) => {
    return { registration: entry.registrationId, version: entry.version, at: entry.at, entry, ...who };
  });
}

async function changesOf(db: Db, service: number, before: Cursor | null, limit: number): Promise<ServiceEvent[]> {
  const { serviceId, version, at } = serviceChanges;
  const rows = await db.tables
    .select()
    .from(serviceChanges)
    .where(and(eq(serviceId, service), before ? changeBefore(before) : undefined))
    .orderBy(desc(at), desc(version))
    .limit(limit);
  return rows.map((change) => ({ registration: 0, version: change.version, at: change.at, change }));
}

/** Selects the changes before a cursor. At the same moment, a change sorts after the events of registrations. */
function changeBefore(before: Cursor): SQL {
  const { at, version } = serviceChanges;
  if (before.registration > 0) return sql`${at} <= ${timestamp(before)}`;
  return sql`(${at}, ${version}) < (${timestamp(before)}, ${before.version})`;
}

const timestamp = ({ at }: Cursor): SQL => sql`${at.toISOString()}::timestamptz`;
