/** trigger_id: proof that a person has just done something. It lives three seconds and opens one modal. */
import { randomBytes } from 'node:crypto';
import { refuse } from './refusal.ts';

/** docs.slack.dev/interactivity/handling-user-interaction */
const LIFETIME = 3_000;

type Trigger = {
  memberId: string;
  at: number;
  used: boolean;
  /** The modal that the person acted in, where it was one. */
  viewId?: string;
};

export class Triggers {
  readonly #now: () => number;
  readonly #issued = new Map<string, Trigger>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(memberId: string, viewId?: string): string {
    const at = this.#now();
    const id = `${Math.floor(at)}.${this.#issued.size + 1}.${randomBytes(16).toString('hex')}`;
    this.#issued.set(id, { memberId, at, used: false, ...(viewId === undefined ? {} : { viewId }) });
    return id;
  }

  /** Forgets all that were issued. */
  startOver(): void {
    this.#issued.clear();
  }

  redeem(id: string): Trigger {
    const trigger = this.#issued.get(id) ?? refuse('invalid_trigger_id');
    if (trigger.used) refuse('exchanged_trigger_id');
    if (this.#now() - trigger.at > LIFETIME) refuse('expired_trigger_id');
    trigger.used = true;
    return trigger;
  }
}
