/** The demo's clock. It runs with the machine's, and days can pass at once. */
import { DemoError } from './demo-error.ts';

/** Milliseconds. */
export const hour = 60 * 60 * 1000;
export const day = 24 * hour;

export class DemoClock {
  #ahead: number;
  readonly #listeners = new Set<() => void>();

  constructor(ahead = 0) {
    this.#ahead = ahead;
  }

  /** Restores what `save()` returned. */
  static restored(saved: string): DemoClock {
    const ahead: unknown = Object(JSON.parse(saved)).ahead;
    if (typeof ahead !== 'number')
      throw new DemoError('The demo’s clock is damaged. Start over: npm run demo -- --reset');
    return new DemoClock(ahead);
  }

  /** How far it is ahead of the machine's clock, in milliseconds. */
  get ahead(): number {
    return this.#ahead;
  }

  readonly now = (): number => Date.now() + this.#ahead;

  /** Moves on, to so many milliseconds ahead of the machine's clock; never back. */
  moveTo(ahead: number): void {
    this.#ahead = Math.max(this.#ahead, ahead);
    for (const listener of this.#listeners) listener();
  }

  save(): string {
    return JSON.stringify({ ahead: this.#ahead });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
