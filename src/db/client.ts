/** The connection to PostgreSQL: Drizzle over a pool of sessions, and LISTEN. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pg-proxy';
import { databaseAddress } from './connection/database-url.ts';
import { createPool } from './connection/pool.ts';
import { openListener, openSession, type Parameter, type Session } from './connection/session.ts';
import { type Settings, usualLimits } from './connection/settings.ts';

type Run = Parameters<typeof drizzle>[0];

/** Builds Drizzle over a function that runs its statements. `logger` receives each of them. */
const drizzled = (run: Run, logger?: Logger) => drizzle(run, { casing: 'snake_case', logger: logger ?? false });

type Statements = Omit<ReturnType<typeof drizzled>, 'transaction'>;

/** The tables: each statement by itself, or several in a transaction. */
export type Drizzle = Statements & {
  /** Runs `work` in a transaction, within another as a part of it. Rolls back where it, or any statement in it, fails. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
};

/** An open transaction. What may only happen inside one takes a `Tx`, so that it does not compile outside. */
export type Tx = Drizzle & { readonly inTransaction: true };

export type Connection = {
  tables: Drizzle;
  /**
   * Listens to a channel of NOTIFY. `begun` is called each time that listening starts, also after a reconnect; the promise resolves with
   * the first.
   */
  listen: (channel: string, heard: (payload: string) => void, begun: () => void) => Promise<void>;
  close: () => Promise<void>;
};

/** Sessions are replaced after ten minutes, so that one that a load balancer routed to the wrong server does not last. */
const poolLimits = { sessions: 6, lifetime: 600_000, wait: 10_000 };

/** The timeout of an answer, in milliseconds: longer than PostgreSQL lets any statement run. */
const answerWithin = 15_000;

/** The backoff of LISTEN, in milliseconds. */
const pauses = { first: 100, longest: 5_000 };

/** Creates a pool of sessions, each with these PostgreSQL settings. The first is opened by the first statement. */
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

/** A list of ids is a different statement for each length. Statements with more parameters are not worth preparing. */
const parametersAtMost = 40;

/**
 * Tells whether a statement is kept prepared. Otherwise PostgreSQL looks up its types, parses and plans it every time, which was half
 * of its work for Approve clicks. Statements with `like` are planned every time: the best plan depends on the pattern.
 */
export const planIsKept = (text: string, parameters: number): boolean =>
  parameters <= parametersAtMost && !text.includes(' like ');

/** Runs a statement of Drizzle, and returns its rows in the form that Drizzle asks for. */
async function answer(session: Session, text: string, parameters: Parameter[], form: 'all' | 'execute') {
  const prepare = planIsKept(text, parameters.length);
  if (form === 'all') return { rows: await session.values(text, parameters, prepare) };
  return { rows: await session.query(text, parameters, prepare) };
}

/** Runs a transaction on one session. A statement after its end is rejected. */
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
    const tx: Tx = Object.assign(drizzled(run, logger), {
      inTransaction: true as const,
      transaction: <T>(part: (tx: Tx) => Promise<T>) => part(tx),
    });
    const result = await work(tx);
    over = true;
    // PostgreSQL would answer COMMIT with a silent rollback.
    if (failures.length > 0) throw failures[0];
    await session.query('commit');
    return result;
  } catch (error) {
    over = true;
    // Where ROLLBACK fails, ending the session rolls back.
    await session.query('rollback').catch(() => session.destroy());
    throw error;
  }
}

/** Checks whether the database is reachable and writable. */
export const reachable = (tables: Drizzle): Promise<boolean> =>
  tables.execute(sql`select 1`).then(
    () => true,
    () => false,
  );
