/**
 * The time, by the database's clock. What one replica writes down others compare with theirs, and with Slack's: a machine whose
 * clock is minutes off would be early with reminders, late with expiry, and look for its own messages in the wrong place.
 */
import { sql } from 'drizzle-orm';
import type { Drizzle } from './client.ts';

/** How often the clocks are compared, in milliseconds. */
const interval = 60_000;

/** An answer that took longer says too little about when it was given, in milliseconds. */
const slowest = 2_000;

/** Clocks that differ by more are worth a warning, in milliseconds. */
const conspicuous = 30_000;

export type Clock = {
  /** Returns the database's time; the machine's before the first comparison. */
  now: () => Date;
  /** Compares the clocks now and from then on. Returns the function that stops it. */
  follow: (db: { tables: Drizzle }) => Promise<() => void>;
};

/** Creates a clock. `machineTime` returns the machine's time in milliseconds. */
export function createClock(
  log: { warn: (about: object, message: string) => void },
  machineTime: () => number = Date.now,
): Clock {
  let ahead = 0;

  async function compare({ tables }: { tables: Drizzle }): Promise<void> {
    const asked = machineTime();
    const [row] = await tables.execute<{ time: number }>(
      sql`select extract(epoch from clock_timestamp())::float8 * 1000 as time`,
    );
    const answered = machineTime();
    if (!row || answered - asked > slowest) return;
    const before = ahead;
    ahead = Math.round((asked + answered) / 2 - row.time);
    if (Math.abs(ahead) > conspicuous && Math.abs(ahead - before) > conspicuous)
      log.warn({ seconds: Math.round(ahead / 1000) }, "this machine's clock differs from the database's, which counts");
  }

  return {
    now: () => new Date(machineTime() - ahead),
    async follow(db) {
      await compare(db);
      // A database that does not answer says nothing new.
      const timer = setInterval(() => compare(db).catch(() => {}), interval);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}
