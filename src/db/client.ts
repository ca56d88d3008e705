/** The connection to PostgreSQL: Drizzle over a pool of sessions, and what is heard with LISTEN. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pg-proxy';
import { databaseAddress } from './connection/database-url.ts';
import { createPool } from './connection/pool.ts';
import { openListener, openSession, type Parameter, type Session } from './connection/session.ts';
import { type Settings, usualLimits } from './connection/settings.ts';

type Run = Parameters<typeof drizzle>[0];

/** Builds Drizzle over whatever runs its statements; `logger` is told each of them. */
const drizzled = (run: Run, logger?: Logger) => drizzle(run, { casing: 'snake_case', logger: logger ?? false });

type Statements = Omit<ReturnType<typeof drizzled>, 'transaction'>;

/** An open transaction. What may only happen inside one takes a `Tx`, so that it does not compile outside. */
export type Tx = Statements & { readonly inTransaction: true };

/** The tables: each statement by itself, or several in a transaction. */
export type Drizzle = Statements & {
  /** Commits what `work` did when it has finished, and nothing of it where it, or any statement in it, failed. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
};

export type Connection = {
  tables: Drizzle;
  /**
   * Hears what is sent to a channel with NOTIFY. `begun` is called each time that listening begins, also again after a loss;
   * the promise resolves with the first.
   */
  listen: (channel: string, heard: (payload: string) => void, begun: () => void) => Promise<void>;
  close: () => Promise<void>;
};

/** Sessions last for ten minutes at most: one that a balancer has led to the wrong server does not stay there. */
const poolLimits = { sessions: 6, lifetime: 600_000, wait: 10_000 };

/** Longer than any statement may take in PostgreSQL, in milliseconds: what has not answered by then, never will. */
const answerWithin = 15_000;

/** The first and the longest pause before listening is tried again, in milliseconds. */
const pauses = { first: 100, longest: 5_000 };

/** Opens a pool of sessions; none is opened before the first statement. `settings` are PostgreSQL's, for each of them. */
export function connect(url: string, settings: Settings = {}, logger?: Logger): Connection {
  const address = databaseAddress(url);
  const { application_name: name = 'registrar', ...own } = settings;
  const applicationName = String(name);
  const writes = !own.default_transaction_read_only;
  const options = { applicationName, settings: { ...usualLimits, ...own }, writes, answerWithin };
  const pool = createPool(() => openSession(address, options), poolLimits);
  const closing = new AbortController();
  const listeners = new Set<{ close: () => Promise<void> }>();

  async function keepListening(channel: string, heard: (payload: string) => void, begun: () => void): Promise<void> {
    for (let wait = pauses.first; !closing.signal.aborted; wait = Math.min(wait * 2, pauses.longest)) {
      const listener = await openListener(address, applicationName, channel, heard).catch(() => undefined);
      if (listener) {
        listeners.add(listener);
        if (closing.signal.aborted) void listener.close();
        else begun();
        await listener.ended;
        listeners.delete(listener);
        wait = pauses.first;
      }
      await pause(wait, undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  return {
    tables: Object.assign(
      drizzled((text, parameters, form) => pool.use((session) => answer(session, text, parameters, form)), logger),
      { transaction: <T>(work: (tx: Tx) => Promise<T>) => pool.use((session) => inTransaction(session, work, logger)) },
    ),
    listen(channel, heard, begun) {
      const { promise, resolve } = Promise.withResolvers<void>();
      void keepListening(channel, heard, () => {
        resolve();
        begun();
      });
      return promise;
    },
    async close() {
      closing.abort();
      await Promise.all([pool.close(5_000), ...[...listeners].map((listener) => listener.close())]);
    },
  };
}

/** A list of ids makes a statement of its own for each length; those of longer ones are not worth keeping. */
const parametersAtMost = 40;

/**
 * Whether a session keeps a statement prepared. Else PostgreSQL is asked for its types first, and parses and plans it each
 * time: with Approve clicks, half of PostgreSQL's work and a fifth of the bot's. What is compared with `like` is planned
 * each time, for the best plan depends on what was typed.
 */
export const planIsKept = (text: string, parameters: number): boolean =>
  parameters <= parametersAtMost && !text.includes(' like ');

/** Runs a statement of Drizzle's, and gives its rows in the form that Drizzle asks for. */
async function answer(session: Session, text: string, parameters: Parameter[], form: 'all' | 'execute') {
  const prepare = planIsKept(text, parameters.length);
  if (form === 'all') return { rows: await session.values(text, parameters, prepare) };
  return { rows: await session.query(text, parameters, prepare) };
}

/** Carries out a transaction. Its statements go to this one session, and nowhere after it has ended. */
async function inTransaction<T>(session: Session, work: (tx: Tx) => Promise<T>, logger?: Logger): Promise<T> {
  let over = false;
  const failures: unknown[] = [];
  const run: Run = async (text, parameters, form) => {
    if (over) throw new Error('a statement came after its transaction was over');
    return answer(session, text, parameters, form).catch((error) => {
      failures.push(error);
      throw error;
    });
  };
  await session.query('begin');
  try {
    const result = await work(Object.assign(drizzled(run, logger), { inTransaction: true as const }));
    over = true;
    // PostgreSQL would roll back in silence.
    if (failures.length > 0) throw failures[0];
    await session.query('commit');
    return result;
  } catch (error) {
    over = true;
    // What cannot be rolled back ends with its session.
    await session.query('rollback').catch(() => session.destroy());
    throw error;
  }
}

/** Whether the database can be reached and written: a session that can only be read is refused. */
export const reachable = (tables: Drizzle): Promise<boolean> =>
  tables.execute(sql`select 1`).then(
    () => true,
    () => false,
  );
