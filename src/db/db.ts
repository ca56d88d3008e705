/** The database as features are given it. */
import type { Drizzle } from './client.ts';
import type { Outbox } from './outbox/types.ts';

/** What the functions in db/ are given: the tables, and the outbox that a change puts its effects into. */
export type Db = { tables: Drizzle; outbox: Outbox };

/** A statement that drizzle writes out once for each database, instead of each time. */
export function preparedOnce<Statement>(write: (tables: Drizzle) => Statement): (db: Db) => Statement {
  const written = new WeakMap<Drizzle, Statement>();
  return ({ tables }) => {
    const known = written.get(tables) ?? write(tables);
    written.set(tables, known);
    return known;
  };
}
