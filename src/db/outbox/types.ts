/** The outbox's own types: what is enqueued, what an attempt is given, and how a delivery ends. */
import type { CopiesEffect, Effect, Priority } from '../../domain/effects.ts';
import type { Drizzle, Tx } from '../client.ts';

/** Where nothing arrives until a human has resolved it, and Slack's (or the mail server's) word for why. */
export type Incident = { destination: string; cause: string };

/** Some incidents, or all. */
export type IncidentFilter = Partial<{ [Part in keyof Incident]: Incident[Part] | undefined }>;

/** How a delivery ended. */
export type DeliveryResult =
  /** `effects` follow from it, and are enqueued as it ends: as bulk, or with this priority. */
  | { status: 'delivered'; effects?: Effect[]; priority?: Priority }
  /** It waits, which is no failure, and keeps its place in its lane. */
  | {
      status: 'postponed';
      seconds: number;
      /** Slack may have been asked, and have done it, without our knowing. */
      unsure?: true;
      /** The send time that is reserved for it in a channel: Slack has not posted it. */
      slot?: Date;
      /** What is left to do, where a part is done. */
      effect?: Effect;
    }
  /**
   * It is retried, more slowly each time. `needsHuman`: nothing reaches that destination until an operator helps. `refused`: it was
   * answered with a refusal, and not with an outage; one that lasts needs an operator too, whatever its code.
   */
  | (Incident & {
      status: 'retry';
      needsHuman: boolean;
      refused?: boolean;
      error: unknown;
      remedy?: string | undefined;
    })
  /** No retry helps: it is kept as a dead letter. */
  | (Incident & { status: 'dead'; error: unknown });

/** What a delivery knows of itself. */
export type Attempt = {
  /** The job, and the number of this attempt at it. */
  job: { id: number; attempt: number };
  /** False where an earlier attempt may have reached Slack without our knowing. */
  isFirst: boolean;
  enqueuedAt: Date;
  /** How long ago it was enqueued, in seconds, by the database's clock. */
  age: number;
  /** When the last earlier attempt that may have reached Slack had ended, by the database's clock. */
  unsureUntil: Date | undefined;
  /** When the database was restored from a copy: what is about an earlier moment may have been posted before that. */
  restoredAt: Date | undefined;
  /** The send time in a channel that it has waited for. */
  slot: Date | undefined;
  /** What the attempt before it has saved. */
  progress: string | undefined;
  /** Saves how far it came. Throws where it has lost its lease. */
  saveProgress: (progress: string) => Promise<void>;
  /** Has Slack asked some time later whether a message is there twice. Of one message, the last call counts. */
  lookAgain: (message: Omit<CopiesEffect, 'kind' | 'of'>) => void;
  /** Writes in one transaction what was done or found out; what it is given joins it. Throws, and writes nothing, where the lease is lost. */
  write: <T>(work: (fenced: { tables: Drizzle; outbox: Outbox }) => Promise<T>) => Promise<T>;
  /** Aborts where it has lost its lease: another worker may be delivering the same. */
  signal: AbortSignal;
};

export type Deliver = (effect: Effect, attempt: Attempt) => Promise<DeliveryResult>;

/**
 * Puts effects into the outbox; they leave when the transaction commits, and not at all if it does not. Without a priority
 * each has that of its kind. Many of `bulk` go in in stages.
 */
export type Enqueue = (tx: Tx, effects: Effect[], priority?: Priority) => Promise<void>;

export type Outbox = { enqueue: Enqueue };
