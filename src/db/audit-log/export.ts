/** The records as the audit writes them, each whole and as a stream: of registrations, of applications, of services. */
import postgres from 'postgres';
import type { ApplicationEvent } from '../../domain/application.ts';
import type { EventKind, Status } from '../../domain/registration.ts';
import type { ServiceRecord } from '../../domain/service.ts';

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

/** A connection of its own, without the bot's time limits, for whoever reads may be slow. */
export const exportConnection = (url: string): postgres.Sql =>
  postgres(url, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: 'registrar-audit', statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  });

/** Every event of a period, oldest first, in batches: a cursor over one moment's view of the record. */
async function* streamed<Row extends object>(
  url: string,
  select: (sql: postgres.Sql) => postgres.PendingQuery<Row[]>,
): AsyncGenerator<Row[]> {
  const client = exportConnection(url);
  try {
    yield* select(client).cursor(batch);
  } finally {
    await client.end({ timeout: 5 });
  }
}

const within = (sql: postgres.Sql, { since, until }: Period) =>
  sql`(${since}::timestamptz is null or at >= ${since}) and (${until}::timestamptz is null or at < ${until})`;

export const exportRegistrations = (url: string, period: Period): AsyncGenerator<RegistrationEvent[]> =>
  streamed<RegistrationEvent>(
    url,
    (sql) => sql`
      select h.at, h.registration_id::float8 as registration, h.version, h.action, h.actor,
        h.from_status as "from", h.to_status as "to", s.slug as service, a.name as application, r.requester, h.reason
      from history h
      join registrations r on r.id = h.registration_id
      join services s on s.id = r.service_id
      join applications a on a.id = r.application_id
      where ${within(sql, period)}
      order by h.at, h.registration_id, h.version`,
  );

export const exportApplications = (url: string, period: Period): AsyncGenerator<ApplicationRow[]> =>
  streamed<ApplicationRow>(
    url,
    (sql) => sql`
      select at, application_id::float8 as application, version, action, actor, name, added, removed
      from application_history where ${within(sql, period)} order by at, application_id, version`,
  );

export const exportServices = (url: string, period: Period): AsyncGenerator<ServiceRow[]> =>
  streamed<ServiceRow>(
    url,
    (sql) => sql`
      select c.at, s.slug as service, c.version, c.actor, c.before, c.after
      from service_changes c join services s on s.id = c.service_id
      where ${within(sql, period)} order by c.at, c.service_id, c.version`,
  );
