/** The record: added to, read a page of one registration's at a time, and all of it as a stream. */
import { and, desc, eq, lte } from 'drizzle-orm';
import postgres from 'postgres';
import type { Entry, Event, Status } from '../domain/registration.ts';
import type { Db, Tx } from './client.ts';
import { history } from './schema.ts';

/**
 * Adds to the record. **The last statement of its transaction**: it takes the head of the chain (db/chain.ts), which
 * everybody who records waits for until the commit. Whoever took another lock after it could wait in a circle, and all
 * others with them.
 */
export async function append(tx: Tx, events: (Entry & { registrationId: number })[]): Promise<void> {
  if (events.length > 0) await tx.insert(history).values(events);
}

/** Events of a registration, newest first, from version `from` down: `limit` at most. */
export async function page(db: Db, registration: number, from: number, limit: number): Promise<Entry[]> {
  return db.tables
    .select()
    .from(history)
    .where(and(eq(history.registrationId, registration), lte(history.version, from)))
    .orderBy(desc(history.version))
    .limit(limit);
}

/** An event as the audit writes it: names and slugs are the ones of today. */
export type Recorded = {
  at: Date;
  registration: number;
  version: number;
  action: Event;
  actor: string | null;
  from: Status | null;
  to: Status;
  service: string;
  application: string;
  requester: string;
  reason: string | null;
};

/** How many events are in memory at a time. */
const batch = 1_000;

/**
 * Every event from `since` on and before `until`, oldest first, in batches: a cursor over one moment's view of the record,
 * on a connection of its own and without the bot's time limits, for whoever reads may be slow.
 */
export async function* recorded(url: string, since: Date | null, until: Date | null): AsyncGenerator<Recorded[]> {
  const client = postgres(url, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: 'registrar-audit', statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  });
  try {
    yield* client<Recorded[]>`
      select h.at, h.registration_id::float8 as registration, h.version, h.action, h.actor,
        h.from_status as "from", h.to_status as "to", s.slug as service, a.name as application, r.requester, h.reason
      from history h
      join registrations r on r.id = h.registration_id
      join services s on s.id = r.service_id
      join applications a on a.id = r.application_id
      where (${since}::timestamptz is null or h.at >= ${since}) and (${until}::timestamptz is null or h.at < ${until})
      order by h.at, h.registration_id, h.version`.cursor(batch);
  } finally {
    await client.end({ timeout: 5 });
  }
}
