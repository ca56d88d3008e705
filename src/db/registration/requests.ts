/** Requests: a registration begins. All of a form's registrations, their events and their effects are one transaction. */
import { and, eq, getTableColumns, inArray, ne, or, sql } from 'drizzle-orm';
import { type Account, checkAccount, type Policy } from '../../domain/authorization.ts';
import {
  effectsOfRequest,
  initialStatus,
  inStatusSince,
  liveStatuses,
  type Status,
} from '../../domain/registration.ts';
import { checkPendingLimit, checkRequest, type RequestRefusal } from '../../domain/request.ts';
import { createdEvent, lockApplication, type OwnedApplication } from '../application/applications.ts';
import { append, appendApplication } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications, isPending, registrations, services } from '../schema/core.ts';
import { troubles } from '../schema/delivery.ts';

export type NewRequest = {
  services: number[];
  application: OwnedApplication;
  requester: string;
  /** What the requester is to the workspace; undefined where Slack did not say. */
  account: Account | undefined;
  policy: Policy;
  reason: string;
  /** The Slack view it came from; the same one never makes anything twice. */
  form: string;
  at: Date;
  remindAt: Date;
  autoApprove: boolean;
  /** How many pending requests one person may have. */
  pendingAtMost: number;
};

export type Created = { service: string; status: Status; rule: { approvers: string[]; channel: string | null } };

/** Registers an application for each of the chosen services: all of them, or none. */
export async function create(
  db: Db,
  request: NewRequest,
): Promise<{ ok: true; opened: Created[]; application: string } | { ok: false; refusal: RequestRefusal }> {
  const why = checkAccount(request.account, request.policy);
  if (why) return { ok: false, refusal: { field: 'services', kind: 'may-not-ask', why } };
  return db.tables.transaction(async (tx) => {
    // The share lock holds a service as it is until this commits: disabling it comes before or after, not between.
    const chosen = await tx
      .select({ ...getTableColumns(services), shut: shutBy(request.policy.adminChannel) })
      .from(services)
      .where(inArray(services.id, request.services))
      .orderBy(services.id)
      .for('share');
    const early = checkRequest(
      request.services,
      chosen.map((service) => ({ ...service, shut: decides(request, service) ? service.shut : null, standing: null })),
    );
    if (early) return { ok: false, refusal: early };

    // In the order that they were chosen in; the lock above takes them in the order of their ids, as everybody does.
    const wanted = chosen
      .toSorted((one, other) => request.services.indexOf(one.id) - request.services.indexOf(other.id))
      .map((service) => ({
        id: service.id,
        service: service.name,
        rule: service,
        status: initialStatus({ workspace: request.autoApprove, service: service.autoApprove }),
      }));
    const adding = wanted.filter(({ status }) => status === 'pending').length;
    const tooMany = checkPendingLimit(await pendingOf(tx, request), adding, request.pendingAtMost);
    if (tooMany) return { ok: false, refusal: tooMany };

    const application = await lockApplication(tx, request.application, request.requester, request.at);
    if (!application.ok) return application;

    // One that was made just now has nothing.
    const there = application.made ? [] : await sentOrLive(tx, application.id, request);
    const sent = there.filter(({ form }) => form === request.form);
    if (sent.length > 0) {
      const opened = sent.flatMap(({ serviceId, status }) =>
        chosen
          .filter(({ id }) => id === serviceId)
          .map((service) => ({ service: service.name, status, rule: service })),
      );
      return { ok: true, opened, application: application.name };
    }

    const refusal = checkRequest(
      request.services,
      chosen.map((service) => {
        const live = there.find(({ serviceId }) => serviceId === service.id);
        return { ...service, shut: null, standing: live ? { status: live.status, since: inStatusSince(live) } : null };
      }),
    );
    if (refusal) return { ok: false, refusal };

    await insert(tx, db, application, request, wanted);
    return { ok: true, opened: wanted, application: application.name };
  });
}

/** Whether somebody has to be asked, in the channel. */
const decides = (request: NewRequest, service: { autoApprove: boolean }): boolean =>
  initialStatus({ workspace: request.autoApprove, service: service.autoApprove }) === 'pending';

/** Slack's word for why a service's channel takes no posts, where that is known. */
const shutBy = (adminChannel: string) => sql<string | null>`(
  select min(why) from ${troubles} where over_at is null and place = coalesce(${services.channel}, ${adminChannel}))`;

/**
 * How many requests of a person are pending, besides those of this very form. Their other forms wait meanwhile, or two at
 * once could pass the limit.
 */
async function pendingOf(tx: Tx, { requester, form }: NewRequest): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${requester}, 0))`);
  const theirs = and(eq(registrations.requester, requester), isPending);
  return tx.$count(registrations, and(theirs, ne(registrations.form, form)));
}

/** What this very form has made already, and the live registrations that the application has among the chosen services. */
const sentOrLive = (tx: Tx, applicationId: number, { form, services: among }: NewRequest) =>
  tx
    .select()
    .from(registrations)
    .where(
      and(
        eq(registrations.applicationId, applicationId),
        or(
          eq(registrations.form, form),
          and(inArray(registrations.serviceId, among), inArray(registrations.status, [...liveStatuses])),
        ),
      ),
    );

async function insert(
  tx: Tx,
  db: Db,
  application: { id: number; name: string; made: boolean },
  { requester, reason, form, at, remindAt }: NewRequest,
  wanted: { id: number; status: Status }[],
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
  await db.outbox.enqueue(
    tx,
    rows.flatMap(({ id, status }) => effectsOfRequest(id, status)),
  );
  if (application.made) await appendApplication(tx, createdEvent(application, requester, at));
  await append(
    tx,
    rows.map(({ id: registrationId, status: to }) => ({
      registrationId,
      version: 1,
      actor: requester,
      action: 'request' as const,
      from: null,
      to,
      reason,
      at,
    })),
  );
}

/** What a person once asked for, to ask for it again; nothing of it where it is not theirs. An application that is gone is left out. */
export async function findForResubmit(db: Db, id: number, person: string) {
  const [row] = await db.tables
    .select({ preselected: services, application: applications, reason: registrations.reason })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applicationOwners, eq(applicationOwners.applicationId, registrations.applicationId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(and(eq(registrations.id, id), eq(applicationOwners.userId, person)));
  return row ? { ...row, application: row.application.deletedAt ? undefined : row.application } : {};
}
