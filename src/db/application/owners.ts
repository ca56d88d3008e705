/** The owners of applications. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications } from '../schema/core.ts';

/** Lists the owners of an application, in the order of their ids. */
export async function ownersOf(tables: Db['tables'] | Tx, applicationId: number): Promise<string[]> {
  const rows = await tables
    .select({ person: applicationOwners.userId })
    .from(applicationOwners)
    .where(eq(applicationOwners.applicationId, applicationId))
    .orderBy(asc(applicationOwners.userId));
  return rows.map(({ person }) => person);
}

/** Lists the owners of the application that has a name, ignoring case; none where it has none, or no longer exists. */
export async function ownersOfName(tables: Db['tables'] | Tx, name: string): Promise<string[]> {
  const rows = await tables
    .select({ person: applicationOwners.userId })
    .from(applicationOwners)
    .innerJoin(applications, eq(applications.id, applicationOwners.applicationId))
    .where(and(sql`fold(${applications.name}) = fold(${name})`, isNull(applications.deletedAt)))
    .orderBy(asc(applicationOwners.userId));
  return rows.map(({ person }) => person);
}

/** Lists the owners of each of these applications, by application. One without owners is left out. */
export async function ownersByApplication(tables: Db['tables'] | Tx, ids: number[]): Promise<Map<number, string[]>> {
  const rows = await tables
    .select()
    .from(applicationOwners)
    .where(inArray(applicationOwners.applicationId, ids))
    .orderBy(asc(applicationOwners.applicationId), asc(applicationOwners.userId));
  const byApplication = Map.groupBy(rows, ({ applicationId }) => applicationId);
  return new Map([...byApplication].map(([id, owners]) => [id, owners.map(({ userId }) => userId)]));
}
