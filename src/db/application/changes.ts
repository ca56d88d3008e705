/** Changes of applications. Each change, its line in the record and its effects are one transaction. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import {
  type Application,
  type ApplicationChange,
  type ApplicationCommand,
  type ApplicationOutcome,
  type ApplicationRefusal,
  type CommandContext,
  evaluate,
  ownersToNotify,
} from '../../domain/application.ts';
import { liveStatuses, statusesAllowing } from '../../domain/registration.ts';
import { append, appendApplication } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications, registrations } from '../schema/core.ts';
import { createdEvent, insert } from './applications.ts';

/** An application as it stands, also a deleted one; undefined where there is none. */
export async function find({ tables }: Db, id: number): Promise<Application | undefined> {
  const [found] = await tables.select().from(applications).where(eq(applications.id, id));
  return found && standing(tables, found);
}

/** The same, held as it is until the transaction ends: changes of one application are made one after the other. */
export async function lock(tx: Tx, id: number): Promise<Application | undefined> {
  const [found] = await tx.select().from(applications).where(eq(applications.id, id)).for('update');
  return found && standing(tx, found);
}

/** The owners are read by a statement of their own: one that waited for the lock would show them as they were before. */
async function standing(
  tables: Db['tables'] | Tx,
  { id, name, version, deletedAt }: typeof applications.$inferSelect,
): Promise<Application> {
  const owners = await tables
    .select({ person: applicationOwners.userId })
    .from(applicationOwners)
    .where(eq(applicationOwners.applicationId, id))
    .orderBy(asc(applicationOwners.userId));
  return { id, name, version, owners: owners.map(({ person }) => person), deleted: deletedAt !== null };
}

/** What deleting an application would end, and what it would leave to the approvers. */
export async function deletionImpact(db: Db, id: number): Promise<{ unregistrable: number; revoked: number }> {
  const among = eq(registrations.applicationId, id);
  const [unregistrable, revoked] = await Promise.all([
    db.tables.$count(registrations, and(among, inArray(registrations.status, statusesAllowing('unregister')))),
    db.tables.$count(registrations, and(among, eq(registrations.status, 'revoked'))),
  ]);
  return { unregistrable, revoked };
}

/** Makes an application of a person's own, with nothing in it. */
export async function create(
  db: Db,
  name: string,
  person: string,
  at: Date,
): Promise<{ ok: true } | { ok: false; refusal: ApplicationRefusal }> {
  return db.tables.transaction(async (tx) => {
    const made = await insert(tx, name, person, at);
    if (!made) return { ok: false, refusal: { kind: 'name-taken', name } };
    await db.outbox.enqueue(tx, [{ kind: 'application', application: made.id, version: 1, after: 0 }]);
    await appendApplication(tx, createdEvent(made, person, at));
    return { ok: true };
  });
}

/** Does what an owner wants. Of two changes at once, one is made, and the other hears that it came too late. */
export async function change(
  db: Db,
  { id, at, ...asking }: CommandContext & { id: number; at: Date },
  wish: ApplicationCommand,
): Promise<ApplicationOutcome> {
  try {
    return await db.tables.transaction(async (tx) => {
      const application = await lock(tx, id);
      if (!application) return { ok: false, refusal: { kind: 'gone' } };
      const outcome = evaluate(application, wish, asking);
      if (outcome.ok && outcome.change) await persist(tx, db, application, outcome.change, asking.by, at);
      return outcome;
    });
  } catch (error) {
    // The index decides who has a name, also between two who want it at once.
    if (wish.action === 'rename' && violates(error, 'applications_name'))
      return { ok: false, refusal: { kind: 'name-taken', name: wish.name } };
    throw error;
  }
}

/** PostgreSQL's error comes wrapped in Drizzle's. */
function violates(error: unknown, constraint: string): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return Object(cause).constraint_name === constraint;
}

/** Writes a change of an application that `lock` holds, what it causes, and, last of all, its line in the record. */
export async function persist(
  tx: Tx,
  db: Db,
  { id, version: before, owners }: Application,
  change: ApplicationChange,
  by: string | null,
  at: Date,
): Promise<void> {
  const { action, name, added, removed } = change;
  const version = before + 1;
  const written = await tx
    .update(applications)
    .set({ name, version, ...(action === 'delete' ? { deletedAt: at } : {}) })
    .where(and(eq(applications.id, id), eq(applications.version, before)))
    .returning({ id: applications.id });
  if (written.length !== 1) throw new Error(`application ${id} moved under its lock`);
  const gone = and(eq(applicationOwners.applicationId, id), inArray(applicationOwners.userId, removed));
  if (removed.length > 0) await tx.delete(applicationOwners).where(gone);
  if (added.length > 0)
    await tx.insert(applicationOwners).values(added.map((userId) => ({ applicationId: id, userId })));
  const ended = action === 'delete' ? await unregisterAll(tx, id, by, at) : [];
  await db.outbox.enqueue(tx, [
    { kind: 'application', application: id, version, after: 0 },
    ...ownersToNotify(change, owners, by).map((person) => ({
      kind: 'owner' as const,
      application: id,
      version,
      person,
    })),
  ]);
  await appendApplication(tx, { applicationId: id, version, actor: by, action, name, added, removed, at });
  for (let next = 0; next < ended.length; next += batch) await append(tx, ended.slice(next, next + batch));
}

/** How many events one statement writes: PostgreSQL takes 65,535 parameters, and each event has eight. */
const batch = 1_000;

/**
 * Unregisters what an application has, however much that is, in two statements. All that is live is locked first, in the
 * order of the ids: a Reinstate that is just being committed would otherwise not be seen. What is revoked stays so, for
 * only an approver ends that. Returns what to write into the record, which comes last.
 */
async function unregisterAll(tx: Tx, applicationId: number, by: string | null, at: Date) {
  const among = eq(registrations.applicationId, applicationId);
  const held = await tx
    .select({ id: registrations.id, status: registrations.status })
    .from(registrations)
    .where(and(among, inArray(registrations.status, [...liveStatuses])))
    .orderBy(asc(registrations.id))
    .for('update');
  const was = new Map(held.map(({ id, status }) => [id, status]));
  const ended = await tx
    .update(registrations)
    .set({
      status: 'unregistered',
      version: sql`${registrations.version} + 1`,
      changedBy: by,
      changedAt: at,
      changeReason: null,
    })
    .where(and(among, inArray(registrations.status, statusesAllowing('unregister'))))
    .returning({ registrationId: registrations.id, version: registrations.version });
  const event = { actor: by, action: 'unregister', to: 'unregistered', reason: null, at } as const;
  return ended.map((one) => ({ ...event, ...one, from: was.get(one.registrationId) ?? null }));
}
