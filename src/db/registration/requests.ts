/** Requests: creates registrations. All registrations of a form, their events and their effects commit together. */
import { and, eq, getTableColumns, gt, inArray, ne, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { accessChange, type ServiceAccess } from '../../domain/access.ts';
import { type Account, allowedApprovers, checkAccount, type Policy } from '../../domain/authorization.ts';
import type { Reference } from '../../domain/reference.ts';
import {
  effectsOfRequest,
  initialStatus,
  inStatusSince,
  liveStatuses,
  type Status,
} from '../../domain/registration.ts';
import {
  checkPendingLimit,
  checkRequest,
  checkRequestRate,
  type RequestRefusal,
  requestPeriod,
} from '../../domain/request.ts';
import { loosenedFor } from '../../domain/service.ts';
import { grantEffects } from '../access/request.ts';
import {
  countOwned,
  createdEvent,
  lockApplication,
  lockPerson,
  type OwnedApplication,
} from '../application/applications.ts';
import { ownersOf } from '../application/owners.ts';
import { append, appendApplication } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications, registrations, services } from '../schema/core.ts';
import { incidents } from '../schema/delivery.ts';
import { serviceChanges } from '../schema/services.ts';
import { countUnknown } from '../unknown-ids.ts';
import * as transitions from './transitions.ts';

export type NewRequest = {
  /** Their public ids. */
  services: string[];
  application: OwnedApplication;
  requester: string;
  /** The requester's kind of account; undefined where Slack did not answer. */
  account: Account | undefined;
  policy: Policy;
  reason: string;
  /** The rejected registration that this request asks for again: it is unregistered where it is in the way. */
  again?: Reference | undefined;
  /** The id of the Slack view that was submitted: the idempotency key. */
  form: string;
  at: Date;
  remindAt: Date;
  autoApprove: boolean;
  /** How many pending requests one person may have. */
  maxPending: number;
  /** How many registrations one person may request in an hour, and how many applications they may create. */
  maxPerHour: number;
  maxApplications: number;
};

/** A registration that a form created, and who decides about it. */
export type Created = { service: string; status: Status; rule: { approvers: string[]; channel: string | null } };

/**
 * Creates a registration of an application for each of the chosen services: all of them, or none. The same form sent
 * again creates nothing and returns what it created the first time.
 */
export async function create(
  db: Db,
  request: NewRequest,
): Promise<
  { ok: true; created: Created[]; application: string; owners: string[] } | { ok: false; refusal: RequestRefusal }
> {
  const why = checkAccount(request.account, request.policy);
  if (why) return { ok: false, refusal: { field: 'services', kind: 'may-not-ask', why } };
  return db.tables.transaction(async (tx) => {
    // The share lock keeps the services unchanged until this commits: one cannot be disabled in between.
    const locked = await tx
      .select({
        ...getTableColumns(services),
        channelError: channelIncident(request.policy.adminChannel),
      })
      .from(services)
      .where(inArray(services.publicId, request.services))
      .orderBy(services.id)
      .for('share', { of: services });
    if (locked.length < request.services.length) await countUnknown({ tables: tx });
    const automatic = request.autoApprove ? [] : locked.filter((service) => service.autoApprove).map(({ id }) => id);
    const loosened = automatic.length > 0 ? await loosenedByOwner(tx, request, automatic) : [];
    const chosen = locked.map((service) => ({ ...service, loosened: loosened.includes(service.id) }));
    const refusedEarly = checkRequest(
      request.services,
      chosen.map((service) => ({
        ...service,
        channelError: needsDecision(request, service) ? service.channelError : null,
        existing: null,
      })),
    );
    if (refusedEarly) return { ok: false, refusal: refusedEarly };

    // In the order in which they were chosen. The lock above takes them in the order of their ids, against deadlocks.
    const wanted = chosen
      .toSorted((one, other) => request.services.indexOf(one.publicId) - request.services.indexOf(other.publicId))
      .map((service) => ({
        id: service.id,
        service: service.name,
        rule: service,
        status: statusOf(request, service),
      }));
    const ids = wanted.map(({ id }) => id);
    const adding = wanted.filter(({ status }) => status === 'pending').length;
    const { pending, recent, owned } = await countOwn(tx, request);
    const tooMany =
      checkPendingLimit(pending, adding, request.maxPending) ??
      checkRequestRate(recent, wanted.length, request.maxPerHour);
    if (tooMany) return { ok: false, refusal: tooMany };

    const { maxApplications: most } = request;
    const limit = owned < most ? undefined : most;
    const application = await lockApplication(tx, request.application, request.requester, request.at, limit);
    if (!application.ok) return application;

    // Locked before the others are read, so that what is read does not change.
    const replaced = application.made ? undefined : await prepareReplacement(tx, db, request, application.id, ids);

    // A new application has no registrations.
    const existing = application.made ? [] : await createdOrLive(tx, application.id, request.form, ids);
    const before = existing.filter(({ form }) => form === request.form);
    if (before.length > 0) {
      const created = before.flatMap(({ serviceId, status }) =>
        chosen
          .filter(({ id }) => id === serviceId)
          .map((service) => ({ service: service.name, status, rule: service })),
      );
      return { ok: true, created, application: application.name, owners: await ownersOf(tx, application.id) };
    }

    const refusal = checkRequest(
      request.services,
      chosen.map((service) => {
        const live = existing.find(({ id, serviceId }) => serviceId === service.id && id !== replaced?.id);
        return {
          ...service,
          channelError: null,
          existing: live ? { status: live.status, since: inStatusSince(live) } : null,
        };
      }),
    );
    if (refusal) return { ok: false, refusal };

    const owners = await ownersOf(tx, application.id);
    const ended = replaced ? [await replaced.write()] : [];
    await insert(tx, db, { ...application, owners }, request, wanted, ended);
    return { ok: true, created: wanted, application: application.name, owners };
  });
}

/**
 * Prepares to unregister the rejected registration that is asked for again, under the lock of its row: undefined where it is
 * not of this application and one of these services, or not as the requester saw it.
 */
async function prepareReplacement(
  tx: Tx,
  db: Db,
  { again, requester: by, account, policy, at }: NewRequest,
  applicationId: number,
  asked: number[],
) {
  if (!again) return undefined;
  const [found] = await tx
    .select({ id: registrations.id })
    .from(registrations)
    .where(
      and(
        eq(registrations.publicId, again.publicId),
        eq(registrations.applicationId, applicationId),
        inArray(registrations.serviceId, asked),
        eq(registrations.status, 'rejected'),
      ),
    );
  if (!found) return undefined;
  const memberships = { account, of: new Map() };
  const command = { id: found.id, seen: again.seen, action: 'unregister', by, at, policy, memberships } as const;
  const prepared = await transitions.prepare(tx, db, command);
  return prepared.ok ? { id: found.id, write: prepared.write } : undefined;
}

type Rule = { autoApprove: boolean; loosened: boolean };

const statusOf = (request: NewRequest, { autoApprove, loosened }: Rule): Status =>
  initialStatus({ workspace: request.autoApprove, service: autoApprove, loosened });

/** Says whether a request needs an approver's decision, and so a channel to post it to. */
const needsDecision = (request: NewRequest, service: Rule): boolean => statusOf(request, service) === 'pending';

/**
 * Lists those of the services whose rules the requester, or an owner of the application, has loosened just before, in the
 * sense of `loosensRules`; opening registration is no way around an approver, though. It reads in its own statement: the one
 * that waited for the services' locks would see the record from before the wait.
 */
async function loosenedByOwner(tx: Tx, { application, requester, at }: NewRequest, services: number[]) {
  const since = new Date(at.getTime() - loosenedFor).toISOString();
  const owners =
    'publicId' in application
      ? sql`or c.actor in (select o.user_id from ${applicationOwners} o
          join ${applications} a on a.id = o.application_id where a.public_id = ${application.publicId})`
      : sql``;
  const rows = await tx.execute<{ id: string }>(sql`
    select distinct c.service_id as id from ${serviceChanges} c
    where ${inArray(sql`c.service_id`, services)} and c.at > ${since}::timestamptz
      and (c.after -> 'autoApprove' = 'true' or (c.before is not null and c.after ?| array['approvers', 'channel']))
      and (c.actor = ${requester} ${owners})`);
  return rows.map(({ id }) => Number(id));
}

/** Selects Slack's error code of the open incident of a service's channel, null where there is none. */
const channelIncident = (adminChannel: string) => sql<string | null>`(
  select min(why) from ${incidents} where over_at is null and place = coalesce(${services.channel}, ${adminChannel}))`;

/**
 * Counts a person's pending requests, lists when they made requests within an hour, newest first and no more than count, both
 * except those of this form, and counts the applications they own. It holds a lock for the person until the commit, so that
 * two forms at once cannot exceed a limit together.
 */
async function countOwn(
  tx: Tx,
  { requester, form, at, maxPerHour }: NewRequest,
): Promise<{ pending: number; recent: Date[]; owned: number }> {
  await lockPerson(tx, requester);
  const since = new Date(at.getTime() - requestPeriod).toISOString();
  const [row] = await tx.execute<{ pending: number; recent: number[]; owned: number }>(sql`
    select
      (select count(*)::int from ${registrations} where requester = ${requester} and status = 'pending' and form <> ${form}) as pending,
      (select coalesce(json_agg(extract(epoch from requested_at)::float8 * 1000 order by requested_at desc), '[]') from (
        select requested_at from ${registrations}
        where requester = ${requester} and requested_at > ${since}::timestamptz and form <> ${form}
        order by requested_at desc limit ${maxPerHour}) made) as recent,
      (${countOwned(requester)}) as owned`);
  return {
    pending: row?.pending ?? 0,
    recent: (row?.recent ?? []).map((time) => new Date(time)),
    owned: row?.owned ?? 0,
  };
}

/** Lists what this form has created before, and the application's live registrations for the chosen services. */
const createdOrLive = (tx: Tx, applicationId: number, form: string, chosen: number[]) =>
  tx
    .select()
    .from(registrations)
    .where(
      and(
        eq(registrations.applicationId, applicationId),
        or(
          eq(registrations.form, form),
          and(inArray(registrations.serviceId, chosen), inArray(registrations.status, [...liveStatuses])),
        ),
      ),
    );

/** Writes the registrations, their effects and, last, their events after `earlier` ones (see `append`). */
async function insert(
  tx: Tx,
  db: Db,
  application: { id: number; name: string; made: boolean; owners: string[] },
  { requester, reason, form, at, remindAt, policy }: NewRequest,
  wanted: { id: number; status: Status; rule: Created['rule'] & { access: ServiceAccess | null } }[],
  earlier: Parameters<typeof append>[1],
): Promise<void> {
  const rows = await tx
    .insert(registrations)
    .values(
      wanted.map(({ id: serviceId, status }) => ({
        applicationId: application.id,
        serviceId,
        requester,
        reason,
        form,
        status,
        version: 1,
        requestedAt: at,
        changedAt: at,
        changedBy: null,
        remindAt,
      })),
    )
    .returning({ id: registrations.id, status: registrations.status });
  const created = rows.flatMap((row, index) => {
    const rule = wanted[index]?.rule;
    return rule ? [{ ...row, approvers: allowedApprovers(rule, policy) }] : [];
  });
  const granted = wanted.flatMap(({ status, rule: { access } }) => {
    const isApproved = status === 'approved';
    return accessChange(access, { application: application.id, wasApproved: false, isApproved }) ?? [];
  });
  const effects = effectsOfRequest(created, { requester, owners: application.owners });
  await db.outbox.enqueue(tx, [...effects, ...grantEffects(granted)]);
  if (application.made) await appendApplication(tx, createdEvent(application, requester, at));
  await append(tx, [
    ...earlier,
    ...rows.map(({ id: registrationId, status: to }) => ({
      registrationId,
      version: 1,
      actor: requester,
      action: 'request' as const,
      from: null,
      to,
      reason,
      at,
    })),
  ]);
}

/** A registration that a person asks for again, and the live one that is there already, where there is one. */
type Resubmission = {
  registration: typeof registrations.$inferSelect;
  service: typeof services.$inferSelect;
  /** Undefined where it was deleted. */
  application: typeof applications.$inferSelect | undefined;
  /** Whether the person owns the application: if not, they see nothing of it. */
  owned: boolean;
  live: typeof registrations.$inferSelect | null;
};

/** Finds a registration that a person asks for again. Undefined where there is no such registration. */
export async function findForResubmit(
  db: Db,
  { publicId }: Reference,
  person: string,
): Promise<Resubmission | undefined> {
  const other = alias(registrations, 'other');
  const [row] = await db.tables
    .select({
      registration: registrations,
      service: services,
      application: applications,
      owner: applicationOwners.userId,
      live: other,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .leftJoin(
      applicationOwners,
      and(eq(applicationOwners.applicationId, registrations.applicationId), eq(applicationOwners.userId, person)),
    )
    .leftJoin(
      other,
      and(
        eq(other.applicationId, registrations.applicationId),
        eq(other.serviceId, registrations.serviceId),
        inArray(other.status, [...liveStatuses]),
        ne(other.id, registrations.id),
      ),
    )
    .where(eq(registrations.publicId, publicId));
  if (!row) await countUnknown(db);
  if (!row) return undefined;
  const { owner, application, ...found } = row;
  return { ...found, owned: owner !== null, application: application.deletedAt ? undefined : application };
}

/** Finds those of these registrations that a later request of the same application for the same service has replaced. */
export async function findReplaced(db: Db, ids: number[]): Promise<Set<number>> {
  const other = alias(registrations, 'other');
  const rows = await db.tables
    .selectDistinct({ id: registrations.id })
    .from(registrations)
    .innerJoin(
      other,
      and(
        eq(other.applicationId, registrations.applicationId),
        eq(other.serviceId, registrations.serviceId),
        gt(other.id, registrations.id),
      ),
    )
    .where(inArray(registrations.id, ids));
  return new Set(rows.map(({ id }) => id));
}
