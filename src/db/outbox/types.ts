/** The outbox's own types: what is enqueued, what an attempt is given, and how a delivery ends. */
import type { Effect } from '../../domain/effects.ts';
import type { Drizzle, Tx } from '../client.ts';

/** How a delivery ended; a thrown error is one that is tried again. */
export type Delivery =
  | { end: 'delivered' }
  /** Nothing was done yet: it keeps its place before what comes after it. `turn`: this moment is its turn in a channel. */
  | { end: 'later'; seconds: number; turn?: Date }
  /** It is tried again, more slowly each time. `stands`: nothing reaches that place until a human mends something. */
  | { end: 'again'; why: string; place: string; stands: boolean }
  /** No retry mends it: it is kept as a dead letter. */
  | { end: 'undeliverable'; why: string; place: string };

/** What a delivery is told of itself. */
export type Attempt = {
  /** False where an earlier attempt may have reached Slack without our knowing. */
  first: boolean;
  /** When the effect was put into the outbox. */
  since: Date;
  /** The turn in a channel that it has waited for. */
  turn: Date | undefined;
};

export type Deliver = (effect: Effect, attempt: Attempt) => Promise<Delivery>;

/** Puts effects into the outbox; they leave when the transaction commits, and not at all if it does not. */
export type Enqueue = (tx: Tx, effects: Effect[]) => Promise<void>;

export type Outbox = {
  enqueue: Enqueue;
  /** Prepares pg-boss's own tables. Safe to call by many replicas at once. */
  start(): Promise<void>;
  /** Begins delivering. */
  work(tables: Drizzle, deliver: Deliver): Promise<void>;
  /** Writes down that a place can be reached again: what waits for it is tried at once, what died of it is put back. */
  mend(tx: Tx, place: string): Promise<void>;
  /** Puts dead letters back, of one trouble or all of them. Says how many. */
  redrive(tx: Tx, which: Which): Promise<number>;
  /** Finishes what is being delivered, for at most `seconds`, and closes the pool. */
  stop(seconds: number): Promise<void>;
};

/** Some troubles, or all. */
export type Which = { place?: string | undefined; why?: string | undefined };
