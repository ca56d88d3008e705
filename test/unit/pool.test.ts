/** The pool: how many sessions it opens, and when. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPool } from '../../src/db/connection/pool.ts';
import type { Session } from '../../src/db/connection/session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/**
 * A pool of at most three, and how many it has tried to open: the first `hanging` without an answer, and those beyond `room`
 * are refused. Its sessions run nothing.
 */
function openPool({ hanging = 0, room = 3 } = {}) {
  const opened: Session[] = [];
  const open = async () => {
    const session = { hasEnded: () => false, ended: new Promise<void>(() => {}), close: async () => {} } as Session;
    opened.push(session);
    if (opened.length <= hanging) return new Promise<Session>(() => {});
    if (opened.length > room) throw new Error('too many clients already');
    return session;
  };
  return { pool: createPool(open, { sessions: 3, lifetime: 600_000, wait: 10_000 }), opened };
}

it('statements that are quick share one session, however many come together', async () => {
  const { pool, opened } = openPool();
  const statement = () => pool.use(async () => {});
  await Promise.all(Array.from({ length: 20 }, statement));
  expect(opened).toHaveLength(1);
  // Long after it was opened as well.
  await vi.advanceTimersByTimeAsync(60_000);
  await Promise.all(Array.from({ length: 20 }, statement));
  expect(opened).toHaveLength(1);
});

it('further sessions are opened one after the other while statements wait for long, up to the limit', async () => {
  const { pool, opened } = openPool();
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const statements = Array.from({ length: 5 }, () => pool.use(() => done));
  await vi.advanceTimersByTimeAsync(9);
  expect(opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(9);
  expect(opened).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1_000);
  finish();
  await Promise.all(statements);
  expect(opened).toHaveLength(3);
});

it('where opening a session hangs, another one is tried a second later', async () => {
  const { pool, opened } = openPool({ hanging: 1 });
  const statement = pool.use(async () => 'ran');
  await vi.advanceTimersByTimeAsync(999);
  expect(opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened).toHaveLength(2);
  expect(await statement).toBe('ran');
});

it('where further sessions are refused, the open ones serve all', async () => {
  const { pool, opened } = openPool({ room: 1 });
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const statements = [pool.use(() => done), pool.use(async () => {})];
  await vi.advanceTimersByTimeAsync(1_009);
  expect(opened).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened).toHaveLength(3);
  finish();
  await Promise.all(statements);
});
