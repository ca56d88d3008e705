/** The pool: how many sessions it opens, and when. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPool } from '../../src/db/connection/pool.ts';
import type { Session } from '../../src/db/connection/session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pool of at most three, and how many it has opened. Its sessions run nothing. */
function openPool() {
  const opened: Session[] = [];
  const open = async () => {
    const session = { hasEnded: () => false, ended: new Promise<void>(() => {}), close: async () => {} } as Session;
    opened.push(session);
    return session;
  };
  return { pool: createPool(open, { sessions: 3, lifetime: 600_000, wait: 10_000 }), opened };
}

it('statements that are quick share one session, however many come together', async () => {
  const { pool, opened } = openPool();
  const statement = () => pool.use(async () => {});
  await Promise.all(Array.from({ length: 20 }, statement));
  expect(opened).toHaveLength(1);
});

it('a further session is opened for each statement that waits for long, up to the limit', async () => {
  const { pool, opened } = openPool();
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const statements = Array.from({ length: 5 }, () => pool.use(() => done));
  await vi.advanceTimersByTimeAsync(9);
  expect(opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened).toHaveLength(3);
  finish();
  await Promise.all(statements);
  expect(opened).toHaveLength(3);
});
