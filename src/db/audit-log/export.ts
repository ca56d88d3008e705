/** The records as the audit writes them, each whole and as a stream: of registrations, of applications, of services. */
import type { ApplicationEvent } from '../../domain/application.ts';
import type { EventKind, Status } from '../../domain/registration.ts';
import type { ServiceRecord } from '../../domain/service.ts';
import { databaseAddress } from '../database-url.ts';
import { openSession, type Parameter, type Session } from '../session.ts';
import { noLimits } from '../settings.ts';

/** An event of a registration: names and slugs are the ones of today. */
export type RegistrationEvent = {
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

/** A change of an application: its name is the one after it. */
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

/** A change of a service: the fields that changed, as they were and as they became. */
export type ServiceRow = {
  at: Date;
  service: string;
  version: number;
  actor: string | null;
  before: Partial<ServiceRecord> | null;
  after: Partial<ServiceRecord>;
};

/** From when on, and before when; null is open. */
export type Period = { since: Date | null; until: Date | null };

/** How many events are in memory at a time. */
const batch = 1_000;

/** Opens a session of its own, without the bot's time limits, for whoever reads may be slow. It sees one moment. */
export async function openReading(url: string): Promise<Session> {
  const settings = { ...noLimits, default_transaction_read_only: true };
  const session = await openSession(databaseAddress(url), {
    applicationName: 'registrar-audit',
    settings,
    writes: false,
  });
  await session.query('begin isolation level repeatable read');
  return session;
}

/** Reads what a statement selects, in batches. */
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

/** Reads every event of a period, oldest first, in batches. `$1` and `$2` are the period's ends. */
async function* streamed<Row extends { at: Date }>(
  url: string,
  { since, until }: Period,
  select: string,
): AsyncGenerator<Row[]> {
  const session = await openReading(url);
  try {
    const ends = [since?.toISOString() ?? null, until?.toISOString() ?? null];
    for await (const rows of inBatches<Row>(session, select, ends)) {
      yield rows.map((row) => ({ ...row, at: new Date(row.at) }));
    }
  } finally {
    await session.close();
  }
}

const within = '($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2)';

export const exportRegistrations = (url: string, period: Period): AsyncGenerator<RegistrationEvent[]> =>
  streamed(
    url,
    period,
    `select h.at, h.registration_id::float8 as registration, h.version, h.action, h.actor,
        h.from_status as "from", h.to_status as "to", s.slug as service, a.name as application, r.requester, h.reason
      from history h
      join registrations r on r.id = h.registration_id
      join services s on s.id = r.service_id
      join applications a on a.id = r.application_id
      where ${within}
      order by h.at, h.registration_id, h.version`,
  );

export const exportApplications = (url: string, period: Period): AsyncGenerator<ApplicationRow[]> =>
  streamed(
    url,
    period,
    `select at, application_id::float8 as application, version, action, actor, name, added, removed
      from application_history where ${within} order by at, application_id, version`,
  );

export const exportServices = (url: string, period: Period): AsyncGenerator<ServiceRow[]> =>
  streamed(
    url,
    period,
    `select c.at, s.slug as service, c.version, c.actor, c.before, c.after
      from service_changes c join services s on s.id = c.service_id
      where ${within} order by c.at, c.service_id, c.version`,
  );
