/** Changes of applications: each change, its event and its effects commit together. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import {
  type Application,
  type ApplicationChange,
  type ApplicationCommand,
  type ApplicationOutcome,
  type ApplicationRefusal,
  type CommandContext,
  changesOwners,
  evaluate,
  ownersToNotify,
} from '../../domain/application.ts';
import { maxCounted } from '../../domain/pagination.ts';
import type { MessageLocation, NumberedReference, Reference } from '../../domain/reference.ts';
import { statusesAllowing } from '../../domain/registration.ts';
import { renewalEffects } from '../access/keys.ts';
import { requestRemovalOfAll } from '../access/request.ts';
import { append, appendApplication } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { ownerless } from '../schema/applications.ts';
import { applicationOwners, applications, isLiveRow, registrations } from '../schema/core.ts';
import { countUnknown } from '../unknown-ids.ts';
import { countOwned, createdEvent, insert, lockPerson } from './applications.ts';
import { ownersOf, ownersOfName } from './owners.ts';
import { unregisterBatch } from './unregister.ts';

/**
 * Finds the application that a button or a form names, with its owners, also a deleted one. A number counts only on the
 * message that tells the admins that this application has lost its last owner. Undefined for what is another database's.
 */
export async function resolve(
  db: Db,
  reference: Pick<Reference, 'publicId'> | NumberedReference | undefined,
  message?: MessageLocation,
): Promise<Application | undefined> {
  if (!reference) return undefined;
  const found = await findNamed(db, reference, message);
  if (!found) await countUnknown(db);
  return found;
}

async function findNamed(
  { tables }: Db,
  reference: Pick<Reference, 'publicId'> | NumberedReference,
  message?: MessageLocation,
): Promise<Application | undefined> {
  if ('publicId' in reference) {
    const [found] = await tables.select().from(applications).where(eq(applications.publicId, reference.publicId));
    return found && withOwners(tables, found);
  }
  if (!message) return undefined;
  const [found] = await tables
    .select({ application: applications })
    .from(applications)
    .innerJoin(ownerless, eq(ownerless.applicationId, applications.id))
    .where(
      and(eq(applications.id, reference.id), eq(ownerless.channel, message.channel), eq(ownerless.ts, message.ts)),
    );
  return found && withOwners(tables, found.application);
}

/** Finds an application and locks its row until the transaction ends: changes of one application are serialized. */
export async function lock(tx: Tx, id: number): Promise<Application | undefined> {
  const [found] = await tx.select().from(applications).where(eq(applications.id, id)).for('update');
  return found && withOwners(tx, found);
}

/** Reads the owners in their own statement: the one that waited for the row's lock would see those from before the wait. */
async function withOwners(
  tables: Db['tables'] | Tx,
  { id, publicId, name, version, deletedAt }: typeof applications.$inferSelect,
): Promise<Application> {
  return { id, publicId, name, version, owners: await ownersOf(tables, id), deleted: deletedAt !== null };
}

/** Counts the registrations that deleting an application would unregister, and those that stay revoked; of so many at most. */
export async function deletionImpact(db: Db, id: number): Promise<{ unregistrable: number; revoked: number }> {
  const live = db.tables
    .select({ status: registrations.status })
    .from(registrations)
    .where(and(eq(registrations.applicationId, id), isLiveRow))
    .limit(maxCounted)
    .as('live');
  const [counted] = await db.tables
    .select({
      unregistrable: sql<number>`(count(*) filter (where ${inArray(live.status, statusesAllowing('unregister'))}))::int`,
      revoked: sql<number>`(count(*) filter (where ${live.status} = 'revoked'))::int`,
    })
    .from(live);
  return counted ?? { unregistrable: 0, revoked: 0 };
}

/** Creates an application with one owner and no registrations. */
export async function create(
  db: Db,
  name: string,
  person: string,
  at: Date,
  limit: number,
): Promise<{ ok: true } | { ok: false; refusal: ApplicationRefusal }> {
  return db.tables.transaction(async (tx) => {
    await lockPerson(tx, person);
    const [row] = await tx.execute<{ owned: number }>(countOwned(person));
    if (row && row.owned >= limit) return { ok: false, refusal: { kind: 'too-many-applications', limit } };
    const made = await insert(tx, name, person, at);
    if (!made) return { ok: false, refusal: await nameTaken(tx, name, person) };
    await db.outbox.enqueue(tx, [{ kind: 'application', application: made.id, version: 1, after: 0 }]);
    await appendApplication(tx, createdEvent(made, person, at));
    return { ok: true };
  });
}

/** Executes an owner's command under the lock of the row. Of two at once, the second is refused as out of date. */
export async function change(
  db: Db,
  { id, at, ...context }: CommandContext & { id: number; at: Date },
  command: ApplicationCommand,
): Promise<ApplicationOutcome> {
  try {
    return await db.tables.transaction(async (tx) => {
      const application = await lock(tx, id);
      if (!application) return { ok: false, refusal: { kind: 'gone' } };
      const outcome = evaluate(application, command, context);
      if (outcome.ok && outcome.change) await persist(tx, db, application, outcome.change, context.by, at);
      return outcome;
    });
  } catch (error) {
    // The unique index decides about a name, also between two commands at once.
    if (command.action === 'rename' && violates(error, 'applications_name'))
      return { ok: false, refusal: await nameTaken(db.tables, command.name, context.by) };
    throw error;
  }
}

async function nameTaken(tables: Db['tables'] | Tx, name: string, person: string): Promise<ApplicationRefusal> {
  const owners = await ownersOfName(tables, name);
  return { kind: 'name-taken', name, owners, mine: owners.includes(person) };
}

/** Says whether an error is a violation of this constraint. Drizzle wraps PostgreSQL's error as the cause of its own. */
function violates(error: unknown, constraint: string): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return Object(cause).constraint_name === constraint;
}

/** How many registrations a deletion unregisters in its own transaction; a job does the others (events.ts). */
const unregisteredAtOnce = 500;

/** Writes a change of an application that is locked, its effects and, last, its events (see `append`). */
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
  if (written.length !== 1) throw new Error(`application ${id} changed while its row was locked`);
  const leaving = and(eq(applicationOwners.applicationId, id), inArray(applicationOwners.userId, removed));
  if (removed.length > 0) await tx.delete(applicationOwners).where(leaving);
  if (added.length > 0)
    await tx.insert(applicationOwners).values(added.map((userId) => ({ applicationId: id, userId })));
  const endings =
    action === 'delete'
      ? await unregisterBatch(tx, eq(registrations.applicationId, id), { by, at, limit: unregisteredAtOnce })
      : { events: [], effects: [] };
  const notified = ownersToNotify(change, owners, by).map((person) => ({
    kind: 'owner' as const,
    application: id,
    version,
    person,
  }));
  const told = changesOwners(change)
    ? [{ kind: 'ownerships' as const, application: id, version, after: 0, places: [] }]
    : [];
  const staying = [...owners.filter((person) => !removed.includes(person)), ...added];
  const renewals = action === 'delete' ? [] : await renewalEffects(tx, id, removed, staying);
  const update = { kind: 'application' as const, application: id, version, after: 0 };
  const effects = [update, ...notified, ...told, ...renewals];
  // Of a person who left there may be hundreds.
  await db.outbox.enqueue(tx, effects, by === null ? 'bulk' : 'act');
  await db.outbox.enqueue(tx, endings.effects, 'bulk');
  if (action === 'delete') await requestRemovalOfAll(tx, db, id);
  await appendApplication(tx, { applicationId: id, version, actor: by, action, name, added, removed, at });
  await append(tx, endings.events);
}
