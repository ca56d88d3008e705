/** The export of the audit log: streams the events of registrations, of applications and of services. */
import type { AccessEvent } from '../../domain/access.ts';
import type { ApplicationEvent } from '../../domain/application.ts';
import type { EventKind, Status } from '../../domain/registration.ts';
import type { ServiceRecord } from '../../domain/service.ts';
import { databaseAddress } from '../connection/database-url.ts';
import { openSession, type Parameter, type Session } from '../connection/session.ts';
import { noLimits } from '../connection/settings.ts';

/** An event of a registration, with the current names and slug. */
export type RegistrationRow = {
  at: Date;
  registration: number;
  version: number;
  action: EventKind;
  actor: string | null;
  from: Status | null;
  to: Status;
  service: string;
  application: string;
  requester: string;
  reason: string | null;
};

/** A change of an application, with the name that it has after it. */
export type ApplicationRow = {
  at: Date;
  application: number;
  version: number;
  action: ApplicationEvent;
  actor: string | null;
  name: string;
  added: string[];
  removed: string[];
};

/** A change of a service: the changed fields, before and after. */
export type ServiceRow = {
  at: Date;
  service: string;
  version: number;
  actor: string | null;
  before: Partial<ServiceRecord> | null;
  after: Partial<ServiceRecord>;
};

/** Something that happened to an application's access: `subject` is a group, or the last four characters of a key. */
export type AccessRow = {
  at: Date;
  application: number;
  version: number;
  action: AccessEvent;
  actor: string | null;
  gateway: string;
  subject: string;
};

/** An erasure: what replaced the id, and which events it changed, by their numbers in the chain. */
export type ErasureRow = { at: Date; erasure: number; actor: string | null; mark: string; events: string[] };

/** The period from `since`, inclusive, to `until`, exclusive; null is open. */
export type Period = { since: Date | null; until: Date | null };

/** How many events are held in memory at a time. */
const batch = 1_000;

/** Opens a session with one read-only snapshot, without the bot's statement timeouts: a reader may be slow. */
export async function openSnapshot(url: string): Promise<Session> {
  const settings = { ...noLimits, default_transaction_read_only: true };
  const session = await openSession(databaseAddress(url), {
    applicationName: 'registrar-audit',
    settings,
    writes: false,
  });
  await session.query('begin isolation level repeatable read');
  return session;
}

/** Streams the rows of a statement in batches, from a cursor. */
export async function* inBatches<Row extends object>(
  session: Session,
  select: string,
  parameters: Parameter[] = [],
): AsyncGenerator<Row[]> {
  await session.query(`declare record no scroll cursor for ${select}`, parameters);
  for (;;) {
    const rows = await session.query<Row>(`fetch ${batch} from record`);
    if (rows.length > 0) yield rows;
    if (rows.length < batch) break;
  }
  await session.query('close record');
}

/** Streams the events of a period in batches, then closes its session. In `select`, `$1` and `$2` are its start and end. */
async function* streamEvents<Row extends { at: Date }>(
  url: string,
  { since, until }: Period,
  select: string,
): AsyncGenerator<Row[]> {
  const session = await openSnapshot(url);
  try {
    const ends = [since?.toISOString() ?? null, until?.toISOString() ?? null];
    for await (const rows of inBatches<Row>(session, select, ends)) {
      yield rows.map((row) => ({ ...row, at: new Date(row.at) }));
    }
  } finally {
    await session.close();
  }
}

const inPeriod = '($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2)';

/** Streams the events of registrations in a period, oldest first. */
export const exportRegistrations = (url: string, period: Period): AsyncGenerator<RegistrationRow[]> =>
  streamEvents(
    url,
    period,
    `select h.at, h.registration_id::float8 as registration, h.version, h.action, h.actor,
        h.from_status as "from", h.to_status as "to", s.slug as service, a.name as application, r.requester, h.reason
      from history h
      join registrations r on r.id = h.registration_id
      join services s on s.id = r.service_id
      join applications a on a.id = r.application_id
      where ${inPeriod}
      order by h.at, h.registration_id, h.version`,
  );

/** Streams the events of applications in a period, oldest first. */
export const exportApplications = (url: string, period: Period): AsyncGenerator<ApplicationRow[]> =>
  streamEvents(
    url,
    period,
    `select at, application_id::float8 as application, version, action, actor, name, added, removed
      from application_history where ${inPeriod} order by at, application_id, version`,
  );

/** Streams the events of services in a period, oldest first. */
export const exportServices = (url: string, period: Period): AsyncGenerator<ServiceRow[]> =>
  streamEvents(
    url,
    period,
    `select c.at, s.slug as service, c.version, c.actor, c.before, c.after
      from service_changes c join services s on s.id = c.service_id
      where ${inPeriod} order by c.at, c.service_id, c.version`,
  );

/** Streams the events of access in a period, oldest first. */
export const exportAccess = (url: string, period: Period): AsyncGenerator<AccessRow[]> =>
  streamEvents(
    url,
    period,
    `select at, application_id::float8 as application, version, action, actor, gateway, subject
      from access_history where ${inPeriod} order by at, application_id, version`,
  );

/** Streams the erasures in a period, oldest first. */
export const exportErasures = (url: string, period: Period): AsyncGenerator<ErasureRow[]> =>
  streamEvents(
    url,
    period,
    `select at, number::float8 as erasure, actor, mark, array(select jsonb_object_keys(events)) as events
      from erasures where ${inPeriod} order by number`,
  );
