/** The outbox's own types: a job, what an attempt at it is given, and how it ends. */
import type { CopiesEffect, Effect, Priority } from '../../domain/effects.ts';
import type { Drizzle, Tx } from '../client.ts';
import type { outbox } from '../schema/outbox.ts';

/**
 * Puts effects into the outbox; they leave when the transaction commits, and not at all if it does not. Without a priority
 * each has that of its kind; they are due at once, or in so many seconds. Many of `bulk` go in in stages.
 */
export type Enqueue = (tx: Tx, effects: Effect[], priority?: Priority, seconds?: number) => Promise<void>;

export type Outbox = { enqueue: Enqueue };

/** A job that a worker holds, as it was when it was claimed. */
export type Job = typeof outbox.$inferSelect & {
  /** The worker that had it before lost its lease, or died. */
  crashed: boolean;
  /** It has been tried for so long that a failure makes it a dead letter. */
  expired: boolean;
  /** How long ago it was enqueued, in seconds, by the database's clock. */
  age: number;
};

/** What a delivery knows of itself. */
export type Attempt = {
  job: Job;
  /** Aborts where it has lost its lease: another worker may be delivering the same. */
  signal: AbortSignal;
  /** When the database was restored from a copy: what is about an earlier moment may have been posted before that. */
  restoredAt: Date | undefined;
  /** What Slack is asked about some time after the delivery: whether these messages are there twice. By message. */
  copies: Map<string, CopiesEffect>;
  /** Writes in one transaction what was done or found out; what it is given joins it. Throws, and writes nothing, where the lease is lost. */
  write: <T>(work: (fenced: { tables: Drizzle; outbox: Outbox }) => Promise<T>) => Promise<T>;
};

export type Deliver = (effect: Effect, attempt: Attempt) => Promise<DeliveryResult>;

/** Where nothing arrives until a human has resolved it, and Slack's (or the mail server's) word for why. */
export type Incident = { destination: string; cause: string };

/** How a delivery ended. */
export type DeliveryResult =
  /** `effects` follow from it, and are enqueued as it ends: as bulk, or with this priority. */
  | { status: 'delivered'; effects?: Effect[]; priority?: Priority }
  | ({ status: 'postponed' } & Postponement)
  /**
   * It is retried, more slowly each time, or after so many seconds. `needsHuman`: nothing reaches that destination until an
   * operator helps. `refused`: it was answered with a refusal, and not with an outage; one that lasts needs an operator too,
   * whatever its code.
   */
  | (Incident & {
      status: 'retry';
      needsHuman: boolean;
      refused?: boolean;
      seconds?: number;
      error?: unknown;
      remedy?: string | undefined;
    })
  /** No retry helps: it is kept as a dead letter. */
  | (Incident & { status: 'dead'; error?: unknown });

/** A wait that is no failure: the job keeps its place in its lane, and no retry is counted. */
export type Postponement = {
  seconds: number;
  /** Slack may have been asked, and have done it, without our knowing. */
  unsure?: true;
  /** The send time that is reserved for it in a channel: Slack has not posted it. */
  slot?: Date;
  /** What is left to do, where a part is done. */
  effect?: Effect;
};
