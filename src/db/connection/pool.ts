/**
 * The pool of sessions that statements share. A statement waits for the first free session; a session that has ended is replaced.
 * A further one is opened for what waits longer than most statements take: a new session plans each statement again.
 * Where no further session can be opened, as behind a small pooler, the open ones serve all: it is an error only if there is none.
 */
import { SessionError } from '../errors.ts';
import type { Session } from './session.ts';

export type Pool = {
  /** Runs work with a session of its own. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Drains the pool, and ends what still runs after `milliseconds`. */
  close(milliseconds: number): Promise<void>;
};

export type PoolLimits = {
  sessions: number;
  /** The age at which a session is replaced, in milliseconds, so that one in an odd state does not last. */
  lifetime: number;
  /** How long a statement waits for a session, in milliseconds. */
  wait: number;
};

/** The pause after a session could not be opened while others are in use, in milliseconds. */
const openAgainAfter = 1_000;

/** How long a statement waits for those of others before a further session is opened for it, in milliseconds. */
const growAfter = 10;

type Waiting = { take: (session: Session) => void; fail: (error: unknown) => void };

export function createPool(open: () => Promise<Session>, limits: PoolLimits): Pool {
  const idle: Session[] = [];
  const busy = new Set<Session>();
  const waiting = new Set<Waiting>();
  /** Those that have waited for longer than most statements take. */
  const overdue = new Set<Waiting>();
  const openedAt = new WeakMap<Session, number>();
  let opening = 0;
  let openFrom = 0;
  let closing = false;

  const isTooOld = (session: Session) => performance.now() - (openedAt.get(session) ?? 0) > limits.lifetime;

  /** Hands free sessions to waiting statements, and opens as many as are missing: the first at once. */
  function serve(): void {
    if (closing) return;
    for (const next of waiting) {
      const session = takeIdle();
      if (!session) break;
      give(session, next);
    }
    if (busy.size + opening > 0 && performance.now() < openFrom) return;
    const room = limits.sessions - busy.size - idle.length - opening;
    const wanted = busy.size + opening === 0 ? Math.min(waiting.size, 1) : overdue.size;
    for (let missing = Math.min(wanted - opening, room); missing > 0; missing -= 1) void openOne();
  }

  function takeIdle(): Session | undefined {
    for (let session = idle.pop(); session; session = idle.pop()) {
      if (session.hasEnded()) continue;
      if (!isTooOld(session)) return session;
      void session.close();
    }
  }

  function give(session: Session, to: Waiting): void {
    waiting.delete(to);
    busy.add(session);
    to.take(session);
  }

  async function openOne(): Promise<void> {
    opening += 1;
    const opened = await open().catch((error: unknown) => ({ error }));
    opening -= 1;
    if ('error' in opened) {
      openFrom = performance.now() + openAgainAfter;
      setTimeout(serve, openAgainAfter).unref();
      if (busy.size + idle.length + opening === 0) for (const { fail } of [...waiting]) fail(opened.error);
    } else {
      openedAt.set(opened, performance.now());
      void opened.ended.then(() => left(opened));
      if (closing) void opened.close();
      else idle.push(opened);
    }
    serve();
  }

  function left(session: Session): void {
    const index = idle.indexOf(session);
    if (index >= 0) idle.splice(index, 1);
  }

  function acquire(): Promise<Session> {
    if (closing)
      return Promise.reject(new SessionError('The connection to PostgreSQL was closed.', 'CONNECTION_ENDED'));
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    const late = () => one.fail(new SessionError('No session with PostgreSQL became free.', 'CONNECTION_BUSY'));
    const timer = setTimeout(late, limits.wait);
    const one: Waiting = {
      take: resolve,
      fail(error) {
        waiting.delete(one);
        reject(error);
      },
    };
    waiting.add(one);
    serve();
    const grow = () => {
      overdue.add(one);
      serve();
    };
    const growing = waiting.has(one) ? setTimeout(grow, growAfter) : undefined;
    return promise.finally(() => {
      clearTimeout(timer);
      clearTimeout(growing);
      overdue.delete(one);
    });
  }

  return {
    async use(work) {
      const session = await acquire();
      try {
        return await work(session);
      } finally {
        busy.delete(session);
        if (closing) void session.close();
        else if (!session.hasEnded()) idle.push(session);
        serve();
      }
    },

    async close(milliseconds) {
      closing = true;
      for (const { fail } of [...waiting])
        fail(new SessionError('The connection to PostgreSQL was closed.', 'CONNECTION_ENDED'));
      const all = [...idle.splice(0).map((session) => session.close()), ...[...busy].map(({ ended }) => ended)];
      const timer = setTimeout(() => {
        for (const session of busy) session.destroy();
      }, milliseconds);
      await Promise.all(all);
      clearTimeout(timer);
    },
  };
}
