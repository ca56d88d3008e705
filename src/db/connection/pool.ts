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

/** The pause after a session could not be opened while others are in use, or while one is being opened, in milliseconds. */
const openAgainAfter = 1_000;

/** How long a statement waits for those of others before a further session is opened, in milliseconds. */
const growAfter = 10;

type Waiting = { since: number; take: (session: Session) => void; fail: (error: unknown) => void };

export function createPool(open: () => Promise<Session>, limits: PoolLimits): Pool {
  const idle: Session[] = [];
  const busy = new Set<Session>();
  const waiting = new Set<Waiting>();
  const openedAt = new WeakMap<Session, number>();
  let opening = 0;
  /** When a further session may be opened: some time after the last one was. */
  let growFrom = 0;
  let growing: NodeJS.Timeout | undefined;
  let closing = false;

  const isTooOld = (session: Session) => performance.now() - (openedAt.get(session) ?? 0) > limits.lifetime;

  /**
   * Hands free sessions to waiting statements. Opens the first session at once, and further ones one after the other: each
   * for what still waits some time after the one before was opened.
   */
  function serve(): void {
    if (closing) return;
    for (const next of waiting) {
      const session = takeIdle();
      if (!session) break;
      give(session, next);
    }
    clearTimeout(growing);
    const [oldest] = waiting;
    if (!oldest || busy.size + opening >= limits.sessions) return;
    const none = busy.size + opening === 0;
    const wait = none ? 0 : Math.max(oldest.since + growAfter, growFrom) - performance.now();
    if (wait > 0) growing = setTimeout(serve, wait);
    else {
      void openOne();
      serve();
    }
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
    growFrom = performance.now() + openAgainAfter;
    const opened = await open().catch((error: unknown) => ({ error }));
    opening -= 1;
    const at = performance.now();
    growFrom = at + ('error' in opened ? openAgainAfter : growAfter);
    if ('error' in opened) {
      if (busy.size + opening === 0) for (const { fail } of [...waiting]) fail(opened.error);
    } else {
      openedAt.set(opened, at);
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
      since: performance.now(),
      take: resolve,
      fail(error) {
        waiting.delete(one);
        reject(error);
      },
    };
    waiting.add(one);
    serve();
    return promise.finally(() => clearTimeout(timer));
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
