/** Dead letters: what could not be delivered and is kept, counted, listed and redriven. */
import { and, count as countRows, eq, isNotNull } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { outbox } from '../schema/outbox.ts';
import type { Incident } from './types.ts';

/** Some incidents, or all. */
export type IncidentFilter = Partial<{ [Part in keyof Incident]: Incident[Part] | undefined }>;

/** What was to be delivered, where it should have gone, and why it did not arrive. */
export type DeadLetter = {
  kind: string;
  /** Null for what is about no single registration, such as a reminder. */
  registration: number | null;
  destination: string;
  cause: string;
  enqueuedAt: Date;
  deadAt: Date;
};

/** Selects the dead letters of some incidents. */
export const matching = ({ destination, cause }: IncidentFilter) =>
  and(
    isNotNull(outbox.deadAt),
    destination === undefined ? undefined : eq(outbox.destination, destination),
    cause === undefined ? undefined : eq(outbox.cause, cause),
  );

/** Returns the registration that an effect is about, the first of several; null for none. */
function registrationOf(effect: { kind: string; registration?: unknown; events?: unknown }): number | null {
  const [first] = Array.isArray(effect.events) ? effect.events : [effect];
  return typeof first?.registration === 'number' ? first.registration : null;
}

/** Counts the dead letters of an incident, or all. */
export async function count({ tables }: Pick<Db, 'tables'>, filter: IncidentFilter = {}): Promise<number> {
  const [row] = await tables.select({ count: countRows() }).from(outbox).where(matching(filter));
  return row?.count ?? 0;
}

/** Lists the oldest dead letters, in the order in which they were given up. */
export async function list({ tables }: Pick<Db, 'tables'>, limit: number): Promise<DeadLetter[]> {
  const rows = await tables.select().from(outbox).where(matching({})).orderBy(outbox.deadAt, outbox.id).limit(limit);
  return rows.map(({ kind, effect, destination, cause, enqueuedAt, deadAt }) => ({
    kind,
    registration: registrationOf(effect),
    destination: destination ?? '',
    cause: cause ?? '',
    enqueuedAt,
    deadAt: deadAt ?? enqueuedAt,
  }));
}
