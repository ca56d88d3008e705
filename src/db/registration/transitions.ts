/** Transitions of a registration: the change, its effects and its event commit together. */
import { and, eq } from 'drizzle-orm';
import { accessChange } from '../../domain/access.ts';
import {
  allowedApprovers,
  checkAccount,
  checkDecision,
  checkOwnerAccount,
  type Memberships,
  type Policy,
} from '../../domain/authorization.ts';
import { type Action, actorFor, type Outcome, type Refusal, transition } from '../../domain/registration.ts';
import { grantEffects, requestRemovals } from '../access/request.ts';
import { ownersOf } from '../application/owners.ts';
import { append } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applications, registrations } from '../schema/core.ts';
import { askedByRegistration } from './approver-messages.ts';
import type { LockedRegistration } from './registrations.ts';
import * as registrationRows from './registrations.ts';

export type TransitionCommand = {
  id: number;
  /** The version that the user saw. */
  seen: number;
  action: Action;
  by: string;
  at: Date;
  reason?: string;
  policy: Policy;
  memberships: Memberships;
};

/** Evaluates an action without taking it. The submission that follows is evaluated again. */
export async function preview(db: Db, command: TransitionCommand): Promise<Outcome> {
  const row = await registrationRows.find(db, command.id);
  return row ? evaluate(db.tables, row, command) : gone;
}

/** Takes an action on a registration under the lock of its row. Of two at once, the first decides and the second is refused, with who decided. */
export async function apply(db: Db, command: TransitionCommand): Promise<Outcome> {
  return db.tables.transaction(async (tx) => {
    const prepared = await prepare(tx, db, command);
    if (!prepared.ok) return prepared;
    await append(tx, [await prepared.write()]);
    return prepared.outcome;
  });
}

type Allowed = Extract<Outcome, { ok: true }>;
type Event = Parameters<typeof append>[1][number];

/** An action that is allowed while its transaction lasts. `write` takes it, and returns the event, which is appended last. */
type Prepared = { ok: true; outcome: Allowed; write: () => Promise<Event> } | Exclude<Outcome, { ok: true }>;

/** Locks a registration and evaluates an action on it, for a transaction that may do more than this. */
export async function prepare(tx: Tx, db: Db, command: TransitionCommand): Promise<Prepared> {
  const row = await registrationRows.lockInApplication(tx, command.id);
  if (!row) return gone;
  const outcome = await evaluate(tx, row, command);
  return outcome.ok ? { ok: true, outcome, write: () => persist(tx, db, row, command, outcome) } : outcome;
}

const gone: Exclude<Outcome, { ok: true }> = { ok: false, refusal: { kind: 'gone' } };

/**
 * Evaluates an action on the rows as they are. A status that does not allow it is the first reason to refuse, for every
 * user; then comes whether this user may act, and then whether they saw the current version.
 */
async function evaluate(
  tables: Db['tables'] | Tx,
  { registration, service }: LockedRegistration,
  command: TransitionCommand,
): Promise<Outcome> {
  const last = { status: registration.status, by: registration.changedBy, at: registration.changedAt };
  const [owners, asked] = await Promise.all([
    ownersOf(tables, registration.applicationId),
    registration.status === 'pending' ? askedByRegistration(tables, [registration.id]) : undefined,
  ]);
  const listed = { ...registration, asked: asked?.get(registration.id) ?? [] };
  const applicationDeleted = command.action === 'reinstate' && (await isDeleted(tables, registration.applicationId));
  const outcome = transition(
    { ...registration, last, owners, applicationDeleted, listed },
    command.action,
    command.seen,
  );
  if (!outcome.ok && outcome.refusal.kind === 'already') return outcome;
  const refusal = authorize(registration, service, owners, command);
  return refusal ? { ok: false, refusal } : outcome;
}

/** Reads in its own statement: the one that waited for the row's lock would see the application from before the wait. */
async function isDeleted(tables: Db['tables'] | Tx, id: number): Promise<boolean> {
  const [found] = await tables.select({ at: applications.deletedAt }).from(applications).where(eq(applications.id, id));
  return found?.at !== null;
}

/** Checks whether the user may take the action; null where they may. */
function authorize(
  { requester, ownersAtRequest }: LockedRegistration['registration'],
  service: LockedRegistration['service'],
  owners: string[],
  { action, by, policy, memberships }: TransitionCommand,
): Refusal | null {
  switch (actorFor[action]) {
    case 'approver':
      return checkDecision(
        by,
        { requester, owners, ownersAtRequest },
        allowedApprovers(service, policy),
        memberships,
        policy,
      );
    case 'owner':
      return owners.includes(by) ? checkOwnerAccount(memberships.account) : { kind: 'not-an-owner' };
    case 'requester':
      return by === requester ? checkAccount(memberships.account, policy) : { kind: 'not-the-requester' };
    case 'time':
      return null;
  }
}

/** Writes the new status and its effects. Returns its event. */
async function persist(
  tx: Tx,
  db: Db,
  { registration: { id, version, status, applicationId }, service }: LockedRegistration,
  { action, by, at, ...command }: TransitionCommand,
  { to, effects }: Allowed,
): Promise<Event> {
  const reason = command.reason ?? null;
  const written = await tx
    .update(registrations)
    .set({
      status: to,
      version: version + 1,
      changedBy: by,
      changedAt: at,
      changeReason: reason,
      ...(action === 'edit' && reason ? { reason } : {}),
    })
    .where(and(eq(registrations.id, id), eq(registrations.version, version), eq(registrations.status, status)))
    .returning({ id: registrations.id });
  if (written.length !== 1) throw new Error(`registration ${id} changed while its row was locked`);
  const change = accessChange(service.access, {
    application: applicationId,
    wasApproved: status === 'approved',
    isApproved: to === 'approved',
  });
  const changes = change ? [change] : [];
  await db.outbox.enqueue(tx, [...effects, ...grantEffects(changes)]);
  await requestRemovals(tx, db, changes);
  return { registrationId: id, version: version + 1, actor: by, action, from: status, to, reason, at };
}
