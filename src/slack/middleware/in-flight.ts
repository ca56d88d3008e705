/** Tracks the interactions in flight, so that bulk work yields to them and a stopping process drains them. */
import { withTimeout } from '../../async/timeout.ts';

export type InFlight = {
  /** Runs `work` as an interaction in flight. Rejects where it does. */
  run(work: () => Promise<void>): Promise<void>;
  /** Waits until no interaction has just begun, for at most `milliseconds`. */
  yieldToInteractive(milliseconds: number): Promise<void>;
  /** Waits until none is in flight, for at most `milliseconds`. */
  drain(milliseconds: number): Promise<void>;
};

/**
 * How long an interaction is yielded to, in milliseconds. One that takes longer waits for Slack or the database, and yielding
 * does not make it faster.
 */
const recentFor = 250;

export function createInFlight(): InFlight {
  const running = new Set<Promise<void>>();
  let recent = 0;
  let idle = Promise.withResolvers<void>();

  /** Counts an interaction as recent, for `recentFor` or until the function that it returns is called. */
  function begin(): () => void {
    recent += 1;
    let counted = true;
    const end = () => {
      clearTimeout(timer);
      if (!counted) return;
      counted = false;
      recent -= 1;
      if (recent > 0) return;
      idle.resolve();
      idle = Promise.withResolvers();
    };
    const timer = setTimeout(end, recentFor).unref();
    return end;
  }

  return {
    async run(work) {
      const end = begin();
      const run = work();
      running.add(run);
      try {
        await run;
      } finally {
        running.delete(run);
        end();
      }
    },
    async yieldToInteractive(milliseconds) {
      if (recent > 0) await withTimeout(milliseconds, idle.promise, undefined);
    },
    async drain(milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (running.size > 0 && Date.now() < deadline) {
        await withTimeout(deadline - Date.now(), Promise.allSettled(running), undefined);
      }
    },
  };
}
