/** How often a method may be called (docs.slack.dev/apis/web-api/rate-limits). Off unless a test asks for it. */
import { type Method, tiers } from './method.ts';

/** "~1 message per second per channel, with short bursts allowed": the burst is our guess. */
const BURST = 3;

/** `tiers`: those of each method. `historySeconds`: the time in which one history may be read. */
export type Limits = { tiers: boolean; historySeconds: number | undefined };

export class RateLimits {
  readonly #now: () => number;
  readonly #limits: Limits;
  readonly #calls = new Map<string, number[]>();

  constructor(now: () => number, limits: Limits) {
    this.#now = now;
    this.#limits = limits;
  }

  /** The seconds to wait, or undefined when the call may pass. */
  wait(name: string, tier: Method['tier'], channel: unknown): number | undefined {
    const { tiers: limited, historySeconds } = this.#limits;
    if (historySeconds && /^conversations\.(history|replies)$/.test(name))
      return this.#window(name, 1, historySeconds * 1000);
    if (!limited) return undefined;
    return (
      this.#window(name, tiers[tier], 60_000) ??
      (name === 'chat.postMessage' ? this.#window(`${name} ${String(channel)}`, BURST, BURST * 1000) : undefined)
    );
  }

  #window(key: string, most: number, length: number): number | undefined {
    const now = this.#now();
    const recent = (this.#calls.get(key) ?? []).filter((at) => at > now - length);
    this.#calls.set(key, recent);
    const first = recent[0];
    if (recent.length >= most && first !== undefined) return Math.max(1, Math.ceil((first + length - now) / 1000));
    recent.push(now);
    return undefined;
  }
}
