/**
 * The outbox: effects are jobs in pg-boss, inserted in the transaction of the change that causes them, so that nothing
 * is said that did not happen and nothing that happened goes unsaid.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { Effect } from '../domain/registration.ts';
import type { Tx } from './client.ts';

const queue = 'outbox';
/** E-mail waits in a queue of its own, with workers of its own: a mail server that hangs holds up no card. */
const mailQueue = 'outbox-mail';
const deadLetters = 'outbox-dead';

/** How a delivery ended. A thrown error means that nobody knows: it is tried again, more slowly each time. */
export type Delivery = { end: 'delivered' } | { end: 'later'; seconds: number } | { end: 'undeliverable'; why: string };

/** What a delivery is told of itself. */
export type Attempt = {
  /** False where an earlier attempt may have reached Slack without our knowing. */
  first: boolean;
  /** When the effect was put into the outbox. */
  since: Date;
};

export type Deliver = (effect: Effect, attempt: Attempt) => Promise<Delivery>;

type Job = Effect & { since?: string };

export type Outbox = {
  /** Puts effects into the outbox; they leave when the transaction commits, and not at all if it does not. */
  enqueue(tx: Tx, effects: Effect[]): Promise<void>;
  /** Prepares pg-boss's own tables. Safe to call by many replicas at once. */
  start(): Promise<void>;
  /** Begins delivering. */
  work(deliver: Deliver): Promise<void>;
  /** Finishes what is being delivered, for at most `seconds`, and closes the pool. */
  stop(seconds: number): Promise<void>;
};

/**
 * `onError` hears of trouble inside pg-boss, which mends itself; it must be listened to or the process ends. Where there
 * is no mail server, `mail` is false: letters are then neither kept, which would cost each decision a statement, nor
 * delivered by this replica.
 */
export function createOutbox(url: string, onError: (error: Error) => void, { mail = false } = {}): Outbox {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'registrar-outbox',
    max: 4,
    useListenNotify: true,
    schedule: false,
    // A worker that died is noticed by its missing heartbeat when the queue is next looked after.
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  });
  boss.on('error', onError);

  return {
    async enqueue(tx, effects) {
      const wanted = effects.filter(({ kind }) => mail || kind !== 'mail');
      for (const [name, some] of Map.groupBy(wanted, queueOf)) {
        const jobs = some.map((effect) => ({ data: effect, singletonKey: keyOf(effect) }));
        await boss.insert(name, jobs, { db: fromDrizzle(tx, sql) });
      }
    },

    async start() {
      await boss.start();
      await boss.createQueue(deadLetters, { retentionSeconds: days(365) });
      for (const name of [queue, mailQueue]) {
        await boss.createQueue(name, {
          policy: 'key_strict_fifo',
          notify: true,
          deadLetter: deadLetters,
          // 1, 2, 4 … 300 seconds with jitter, for about a week: a job that has failed for good holds back its key.
          retryLimit: 2_000,
          retryDelay: 1,
          retryBackoff: true,
          retryDelayMax: 300,
          heartbeatSeconds: 10,
          expireInSeconds: 60,
          retentionSeconds: days(30),
          deleteAfterSeconds: days(1),
        });
      }
    },

    async work(deliver) {
      // A retry becomes due without a NOTIFY; the poll is what finds it.
      const options = {
        includeMetadata: true,
        perJobResults: true,
        localConcurrency: 6,
        pollingIntervalSeconds: 1,
        notifyPollingIntervalSeconds: 1,
      } as const;
      for (const name of mail ? [queue, mailQueue] : [queue]) {
        await boss.work<Job, unknown, typeof options>(name, options, async (jobs) =>
          Promise.all(jobs.map((job) => settle(job, deliver))),
        );
      }
    },

    async stop(seconds) {
      await boss.stop({ graceful: true, timeout: seconds * 1000, close: true });
    },
  };

  /**
   * A delivery put off by Slack's rate limit, or given up, is a new job beside the finished one: pg-boss lets a failed job
   * hold back its key's successors, and neither of the two is a failure of this registration's next message.
   */
  async function settle(job: JobWithMetadata<Job>, deliver: Deliver) {
    const { since = job.createdOn.toISOString(), ...effect } = job.data;
    const delivery = await deliver(effect, {
      first: job.retryCount === 0 && job.data.since === undefined,
      since: new Date(since),
    });
    if (delivery.end === 'later') {
      const options = { singletonKey: keyOf(effect), startAfter: delivery.seconds };
      await boss.send(queueOf(effect), { ...effect, since }, options);
    } else if (delivery.end === 'undeliverable') {
      await boss.send(deadLetters, { ...effect, since, why: delivery.why });
    }
    return { id: job.id, status: 'completed' as const };
  }
}

const queueOf = ({ kind }: Effect): string => (kind === 'mail' ? mailQueue : queue);

/**
 * Jobs of one key run one at a time and in order, on any number of replicas. Cards and notices have keys of their own: a
 * channel that cannot be posted to must not keep the decision from the requester.
 */
function keyOf(effect: Effect): string {
  switch (effect.kind) {
    case 'reminder':
      return `reminder:${effect.channel}`;
    case 'home':
      return `home:${effect.person}`;
    default:
      return `${effect.kind}:${effect.registration}`;
  }
}

const days = (count: number): number => count * 24 * 60 * 60;
