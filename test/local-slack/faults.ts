/** Stages faults of the Web API and of response URLs: how often, for which calls, and until when. */
import type { Fault } from './model.ts';

type Args = Record<string, unknown>;
export type When = { times?: number; after?: number; when?: (args: Args) => boolean };
type Staged<F> = { method: string; fault: F; left: number; skip: number; when: (args: Args) => boolean; met: number };
type Hold = { method: string; when: (args: Args) => boolean; arrived: () => void; released: Promise<void> };

export type Held = {
  /** Resolves when the call has arrived. */
  reached: Promise<void>;
  release: () => void;
};

/** A fault that was staged. */
export type StagedFault = {
  /** How many calls have met it. */
  readonly met: number;
  /** Ends this fault; the others stay. */
  end(): void;
};

/** `F` is the type of the faults: Slack's, or another server's. */
export class Faults<F = Fault> {
  #staged: Staged<F>[] = [];
  #holds: Hold[] = [];
  readonly #releases = new Set<() => void>();

  /** `method` may be `*`. Of several faults for one call, the one staged first counts. */
  fail(method: string, fault: F, { times = 1, after = 0, when = () => true }: When = {}): StagedFault {
    const staged: Staged<F> = { method, fault, left: times, skip: after, when, met: 0 };
    this.#staged.push(staged);
    return {
      get met() {
        return staged.met;
      },
      end: () => {
        staged.left = 0;
      },
    };
  }

  hold(method: string, when: (args: Args) => boolean = () => true): Held {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#holds.push({ method, when, arrived: reached.resolve, released: released.promise });
    this.#releases.add(released.resolve);
    return { reached: reached.promise, release: released.resolve };
  }

  clear(): void {
    this.#staged = [];
    this.#holds = [];
    for (const release of this.#releases) release();
    this.#releases.clear();
  }

  /** Waits where a test holds this call back. */
  async wait(method: string, args: Args): Promise<void> {
    const hold = this.#holds.find((held) => held.method === method && held.when(args));
    if (!hold) return;
    this.#holds = this.#holds.filter((other) => other !== hold);
    hold.arrived();
    await hold.released;
  }

  next(method: string, args: Args): F | undefined {
    for (const staged of this.#staged) {
      if (!(staged.method === method || staged.method === '*') || staged.left === 0 || !staged.when(args)) continue;
      if (staged.skip > 0) {
        staged.skip -= 1;
        continue;
      }
      staged.left -= 1;
      staged.met += 1;
      return staged.fault;
    }
    return undefined;
  }
}
