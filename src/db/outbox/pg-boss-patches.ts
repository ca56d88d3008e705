/** What pg-boss asks of PostgreSQL more often, or in a dearer way, than Registrar needs. */
import type { PgBoss } from 'pg-boss';

/** What its own connections are besides what it says of them: a pool of node-postgres. */
type Pooled = ReturnType<PgBoss['getDb']> & {
  pool: { query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }> };
};

/** More different statements than pg-boss has; beyond them none is kept, so that a connection never keeps any number. */
const keptAtMost = 100;

/** Several statements at once: they cannot be kept. */
const isScript = (text: string) => /;\s*\S/.test(text);

/**
 * Has its connections keep their statements: PostgreSQL takes five times as long to plan its look for a job as to look. And
 * has a job that is put in wake whom `wakeOne` chooses, where pg-boss wakes all workers of the queue, who all look.
 */
export function economise(boss: PgBoss, wakeOne: (queue: string) => void): void {
  const db = boss.getDb() as Pooled;
  const { executeSql, listen } = db;
  const names = new Map<string, string>();

  db.executeSql = (...asked) => {
    const [text, values] = asked;
    const name = names.get(text) ?? `boss_${names.size}`;
    if (values === undefined || isScript(text) || names.size >= keptAtMost) return executeSql.apply(db, asked);
    names.set(text, name);
    return db.pool.query({ name, text, values });
  };

  if (listen) db.listen = (channel, _, begun) => listen.call(db, channel, wakeOne, begun);
}
