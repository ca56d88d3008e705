/** The watchdog of the pool: detects that it does not answer while PostgreSQL does. */
import { sql } from 'drizzle-orm';
import type { Connection } from '../client.ts';
import { databaseAddress } from './database-url.ts';
import { openSession } from './session.ts';
import { noLimits } from './settings.ts';

/** A minute: six failed checks in a row, ten seconds apart. Counted in checks, because the process may have been paused. */
const usual = { interval: 10_000, looks: 6 };

/** Watches a pool, and calls `onStuck` when only a new process helps. Returns the function that stops it. */
export function watchPool(
  { tables }: Pick<Connection, 'tables'>,
  url: string,
  onStuck: () => void,
  { interval, looks } = usual,
): () => void {
  const address = databaseAddress(url);
  let unanswered = 0;
  const timer = setInterval(look, interval);

  function look(): void {
    unanswered += 1;
    tables.execute(sql`select 1`).then(
      () => {
        unanswered = 0;
      },
      () => {},
    );
    if (unanswered > looks) void compare();
  }

  async function compare(): Promise<void> {
    if ((await answers()) && unanswered > looks) {
      clearInterval(timer);
      setImmediate(onStuck);
    }
  }

  /** Checks whether PostgreSQL answers a session outside of the pool. */
  async function answers(): Promise<boolean> {
    try {
      const session = await openSession(address, { applicationName: 'registrar', settings: noLimits, writes: true });
      await session.close();
      return true;
    } catch {
      return false;
    }
  }

  return () => clearInterval(timer);
}
