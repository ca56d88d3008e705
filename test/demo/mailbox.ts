/** The letters that the demo's mail server took: the page shows them, the tour reads them, and they are kept for the next time. */

import type { Letter, Mail } from '../local-slack/page/mail.ts';
import type { Received } from '../support/mail-server.ts';

export class Mailbox implements Mail {
  readonly #letters: Letter[];
  readonly #listeners = new Set<() => void>();

  readonly #now: () => number;

  /** `saved` is what `save()` returned. */
  constructor(saved?: string, now: () => number = Date.now) {
    this.#now = now;
    this.#letters = saved === undefined ? [] : JSON.parse(saved);
  }

  add({ recipients, subject = '', from, text = '' }: Received): void {
    this.#letters.push({ to: recipients, from: from?.address ?? '', subject, text, at: this.#now() });
    for (const listener of this.#listeners) listener();
  }

  to(address: string): Letter[] {
    return this.#letters.filter(({ to }) => to.includes(address));
  }

  save(): string {
    return JSON.stringify(this.#letters);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
