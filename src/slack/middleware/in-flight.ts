import { withTimeout } from '../../async/timeout.ts';

export type InFlight = {
  /** Runs what answers somebody; rejects where it does. */
  run(work: () => Promise<void>): Promise<void>;
  /** Resolves when nobody has acted just now, after at most `milliseconds`. */
  yieldToInteractive(milliseconds: number): Promise<void>;
  /** Resolves when nothing runs, after at most `milliseconds`. */
  drain(milliseconds: number): Promise<void>;
};

/** What takes longer waits for Slack or the database, and nothing gets sooner by waiting for it. In milliseconds. */
const justNow = 250;

export function createInFlight(): InFlight {
  const running = new Set<Promise<void>>();
  let fresh = 0;
  let calm = Promise.withResolvers<void>();

  /** Returns what says that it is over; after a moment it counts as if it were. */
  function begins(): () => void {
    fresh += 1;
    let counts = true;
    const over = () => {
      clearTimeout(timer);
      if (!counts) return;
      counts = false;
      fresh -= 1;
      if (fresh > 0) return;
      calm.resolve();
      calm = Promise.withResolvers();
    };
    const timer = setTimeout(over, justNow).unref();
    return over;
  }

  return {
    async run(work) {
      const over = begins();
      const runs = work();
      running.add(runs);
      try {
        await runs;
      } finally {
        running.delete(runs);
        over();
      }
    },
    async yieldToInteractive(milliseconds) {
      if (fresh > 0) await withTimeout(milliseconds, calm.promise, undefined);
    },
    async drain(milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (running.size > 0 && Date.now() < deadline) {
        await withTimeout(deadline - Date.now(), Promise.allSettled(running), undefined);
      }
    },
  };
}
