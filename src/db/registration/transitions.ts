/** What is done with a registration: each change, its event and its effects are one transaction. */
import { and, eq, exists, type SQL } from 'drizzle-orm';
import {
  approversOf,
  type Memberships,
  type Policy,
  refuseAccount,
  refuseDecision,
  refuseOwner,
} from '../../domain/authorization.ts';
import { type Action, act, type Outcome, type Refusal, type Status, takenBy } from '../../domain/registration.ts';
import { append } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications, registrations, services } from '../schema/core.ts';
import { type Found, find } from './registrations.ts';

export type Change = {
  id: number;
  /** The version the person was looking at. */
  seen: number;
  action: Action;
  by: string;
  at: Date;
  reason?: string;
  policy: Policy;
  memberships: Memberships;
};

/** What an action would come to, without taking it. The click that follows is judged anew. */
export async function preview(db: Db, change: Change): Promise<Outcome> {
  const row = await find(db, change.id);
  return row ? consider(db.tables, row, change) : gone;
}

/**
 * Takes an action on a registration: one lock on its row, one conditional write. Of two at once, one decides and the
 * other is told who did. Where it was just found, it is first written as if nothing had happened since, which is nearly
 * always so; the write itself tells.
 */
export async function change(db: Db, change: Change, found?: Found): Promise<Outcome> {
  return db.tables.transaction(async (tx) => {
    const atOnce = found && (await changeFound(tx, db, found, change));
    if (atOnce) return atOnce;
    const [row] = await tx
      .select({ registration: registrations, service: services })
      .from(registrations)
      .innerJoin(services, eq(services.id, registrations.serviceId))
      .where(eq(registrations.id, change.id))
      .for('update', { of: registrations });
    if (!row) return gone;
    const outcome = await consider(tx, row, change);
    if (outcome.ok) {
      if (!(await write(tx, row.registration, change, outcome.to))) throw new Error('it moved under its lock');
      await tell(tx, db, row.registration, change, outcome);
    }
    return outcome;
  });
}

/** Undefined, and nothing is done, where it is refused or not as it was found: then the row is locked and looked at again. */
async function changeFound(tx: Tx, db: Db, found: Found, change: Change): Promise<Outcome | undefined> {
  // Whether its application is deleted is looked up under the lock.
  if (change.action === 'reinstate') return undefined;
  const expected = await consider(tx, found, change);
  const { registration, service } = found;
  // Who decides is as it was, or what Slack was asked does not count.
  const asked = and(eq(services.id, service.id), eq(services.version, service.version));
  const same = exists(tx.select({ id: services.id }).from(services).where(asked));
  const written = expected.ok && (await write(tx, registration, change, expected.to, same));
  if (!written) return undefined;
  // A reminder may have listed it since it was found.
  const outcome = await consider(tx, { service, registration: { ...registration, ...written } }, change);
  if (!outcome.ok) throw new Error('it was allowed, and is not after the same look');
  await tell(tx, db, registration, change, outcome);
  return outcome;
}

const gone: Outcome = { ok: false, refusal: { kind: 'gone' } };

type Row = typeof registrations.$inferSelect;
type ServiceRow = typeof services.$inferSelect;

/** What is settled is said first, to anybody; then whether this person may; then whether they saw what they act on. */
async function consider(tables: Db['tables'] | Tx, { registration, service }: Found, change: Change): Promise<Outcome> {
  const last = { status: registration.status, by: registration.changedBy, at: registration.changedAt };
  const applicationDeleted = change.action === 'reinstate' && (await isDeleted(tables, registration.applicationId));
  const outcome = act({ ...registration, last, applicationDeleted, listed: registration }, change.action, change.seen);
  if (!outcome.ok && outcome.refusal.kind === 'already') return outcome;
  const refusal = await refuse(tables, registration, service, change);
  return refusal ? { ok: false, refusal } : outcome;
}

/** By a statement of its own: one that waited for the row would show the application as it was before. */
async function isDeleted(tables: Db['tables'] | Tx, id: number): Promise<boolean> {
  const [found] = await tables.select({ at: applications.deletedAt }).from(applications).where(eq(applications.id, id));
  return found?.at !== null;
}

/** Whether the person may take the action, on the rows as they are. */
async function refuse(
  tables: Db['tables'] | Tx,
  { applicationId, requester }: Row,
  service: ServiceRow,
  { action, by, policy, memberships }: Change,
): Promise<Refusal | null> {
  switch (takenBy[action]) {
    case 'approver':
      return refuseDecision(by, requester, approversOf(service, policy), memberships, policy);
    case 'owner': {
      const owner = and(eq(applicationOwners.applicationId, applicationId), eq(applicationOwners.userId, by));
      const [found] = await tables.select().from(applicationOwners).where(owner);
      return found ? refuseOwner(memberships.account) : { kind: 'not-an-owner' };
    }
    case 'requester':
      return by === requester ? refuseAccount(memberships.account, policy) : { kind: 'not-the-requester' };
    case 'time':
      return null;
  }
}

/** Writes it where the registration is still in that version, and `same`. Returns where reminders list it. */
async function write(tx: Tx, { id, version, status }: Row, change: Change, to: Status, same?: SQL) {
  const { action, by, at, reason = null } = change;
  const [written] = await tx
    .update(registrations)
    .set({
      status: to,
      version: version + 1,
      changedBy: by,
      changedAt: at,
      changeReason: reason,
      ...(action === 'edit' && reason ? { reason } : {}),
    })
    .where(and(eq(registrations.id, id), eq(registrations.version, version), eq(registrations.status, status), same))
    .returning({
      remindedAt: registrations.remindedAt,
      remindedIn: registrations.remindedIn,
      escalatedIn: registrations.escalatedIn,
    });
  return written;
}

/** Has it said, and recorded. */
async function tell(
  tx: Tx,
  { outbox }: Db,
  { id, version, status }: Row,
  { action, by, at, reason }: Change,
  { to, effects }: Extract<Outcome, { ok: true }>,
): Promise<void> {
  await outbox.enqueue(tx, effects);
  await append(tx, [
    { registrationId: id, version: version + 1, actor: by, action, from: status, to, reason: reason ?? null, at },
  ]);
}
