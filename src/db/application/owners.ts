/** The owners of applications. */
import { asc, eq, inArray } from 'drizzle-orm';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners } from '../schema/core.ts';

/** Lists the owners of an application, in the order of their ids. */
export async function ownersOf(tables: Db['tables'] | Tx, applicationId: number): Promise<string[]> {
  const rows = await tables
    .select({ person: applicationOwners.userId })
    .from(applicationOwners)
    .where(eq(applicationOwners.applicationId, applicationId))
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
