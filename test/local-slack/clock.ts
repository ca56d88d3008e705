/** Slack's timestamps: seconds and microseconds, which name a message within its channel. */

/** Hands out timestamps that never repeat and always rise, also while the clock stands still. */
export class Timestamps {
  last: number;
  readonly #now: () => number;

  constructor(now: () => number, last = 0) {
    this.#now = now;
    this.last = last;
  }

  /** Begins before any timestamp, for a time that may lie before those that were handed out. */
  startOver(): void {
    this.last = 0;
  }

  next(): string {
    // Microseconds since 1970 fit in a double until the year 2255.
    this.last = Math.max(Math.floor(this.#now()) * 1000, this.last) + 100;
    return `${Math.floor(this.last / 1e6)}.${String(this.last % 1e6).padStart(6, '0')}`;
  }
}

export const seconds = (ts: string): number => Number.parseFloat(ts);
