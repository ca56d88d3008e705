/** The database, as features get it. */
import type { Drizzle } from './client.ts';
import type { Outbox } from './outbox/types.ts';

/** The tables, and the outbox that the effects of a change are enqueued in. */
export type Db = { tables: Drizzle; outbox: Outbox };

/** Prepares a statement once for each database: Drizzle builds its SQL then, and not for each call. */
export function preparedOnce<Statement>(build: (tables: Drizzle) => Statement): (db: Db) => Statement {
  const prepared = new WeakMap<Drizzle, Statement>();
  return ({ tables }) => {
    const statement = prepared.get(tables) ?? build(tables);
    prepared.set(tables, statement);
    return statement;
  };
}
