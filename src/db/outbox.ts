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
export type Delivery =
  | { end: 'delivered' }
  /** `turn`: nothing was done yet, and this moment is its turn in a channel. `as`: the effect, and what is done of it. */
  | { end: 'later'; seconds: number; turn?: Date; as?: Effect }
  | { end: 'undeliverable'; why: string };

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

/** An effect that was put off says since when it is in the outbox, and whether it has been tried. */
type Job = Effect & { since?: string; turn?: string; untried?: boolean };

/** How many deliveries of a queue run at once, in one process: each message in the outbox wakes all its workers. */
const atOnce = 4;

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
 * A statement that hangs is given up, and a session that was opened while nothing could be written does not stay for ever
 * (maxLifetimeSeconds is the driver's, which pg-boss hands on). A connection that hangs pg-boss gives up itself, after 10 s.
 */
const limits = {
  options: '-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000',
  maxLifetimeSeconds: 60,
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
    ...limits,
    useListenNotify: true,
    schedule: false,
    // A worker that died is noticed by its missing heartbeat when the queue is next looked after.
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  });
  boss.on('error', onError);
  const workers: { name: string; id: string; busy: boolean }[] = [];

  return {
    async enqueue(tx, effects) {
      const wanted = effects.filter(({ kind }) => mail || kind !== 'mail');
      for (const [name, some] of Map.groupBy(wanted, queueOf)) {
        const jobs = some.map((effect) => ({ data: effect, ...standingOf(effect) }));
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
      // A retry becomes due without a NOTIFY; the poll is what finds it. One of the workers looks each second: with all of
      // them doing so, an idle bot would ask the database twelve times a second.
      const options = (count: number) =>
        ({
          includeMetadata: true,
          perJobResults: true,
          pollingIntervalSeconds: 1,
          notifyPollingIntervalSeconds: count === 0 ? 1 : 10,
        }) as const;
      for (const name of mail ? [queue, mailQueue] : [queue]) {
        for (let count = 0; count < atOnce; count += 1) {
          const worker = { name, id: '', busy: false };
          workers.push(worker);
          worker.id = await boss.work<Job, unknown, ReturnType<typeof options>>(name, options(count), async (jobs) => {
            worker.busy = true;
            try {
              return await Promise.all(jobs.map((job) => settle(job, deliver)));
            } finally {
              worker.busy = false;
              // Or it would look for its next job only when it is notified, or at the next poll.
              boss.notifyWorker(worker.id);
            }
          });
        }
      }
    },

    async stop(seconds) {
      await boss.stop({ graceful: true, timeout: seconds * 1000, close: true });
    },
  };

  /** Has a worker look for what is due now; a poll finds it too, but up to a second later. */
  function wake(name: string): void {
    const mine = workers.filter((worker) => worker.name === name);
    const worker = mine.find(({ busy }) => !busy) ?? mine[0];
    if (worker) boss.notifyWorker(worker.id);
  }

  /**
   * A delivery put off by Slack's rate limit, or given up, is a new job beside the finished one: pg-boss lets a failed job
   * hold back its key's successors, and neither of the two is a failure of this registration's next message.
   */
  async function settle(job: JobWithMetadata<Job>, deliver: Deliver) {
    const { since = job.createdOn.toISOString(), turn, untried = job.data.since === undefined, ...effect } = job.data;
    const first = job.retryCount === 0 && untried;
    const delivery = await deliver(effect, { first, since: new Date(since), turn: turn ? new Date(turn) : undefined });
    if (delivery.end === 'later') {
      const options = { ...standingOf(effect), startAfter: delivery.turn ?? delivery.seconds };
      const waited = delivery.turn ? { turn: delivery.turn.toISOString(), untried: first } : { untried: false };
      await boss.send(queueOf(effect), { ...(delivery.as ?? effect), since, ...waited }, options);
      setTimeout(() => wake(queueOf(effect)), delivery.seconds * 1000 + promptly).unref();
    } else if (delivery.end === 'undeliverable') {
      await boss.send(deadLetters, { ...effect, since, why: delivery.why });
    }
    return { id: job.id, status: 'completed' as const };
  }
}

/** How long after its moment a job that was put off is looked for, in milliseconds: the database's clock is another one. */
const promptly = 10;

const queueOf = ({ kind }: Effect): string => (kind === 'mail' ? mailQueue : queue);

/** Its key, and its priority: what nobody waits for, of which a tick can bring hundreds, lets everything else go first. */
function standingOf(effect: Effect) {
  const unhurried = effect.kind === 'reminder' || effect.kind === 'waiting' || effect.kind === 'stopped';
  return { singletonKey: keyOf(effect), priority: unhurried ? 0 : 1 };
}

/**
 * Jobs of one key run one at a time and in order, on any number of replicas. Cards and notices have keys of their own: a
 * channel that cannot be posted to must not keep the decision from the requester.
 */
function keyOf(effect: Effect): string {
  switch (effect.kind) {
    case 'reminder':
    case 'digest':
    case 'stopped':
      return `${effect.kind}:${effect.channel}`;
    case 'catalog':
      return effect.kind;
    case 'waiting':
    case 'home':
    case 'departure':
      return `${effect.kind}:${effect.person}`;
    case 'owner':
      return `owner:${effect.application}:${effect.person}`;
    case 'application':
    case 'orphan':
      return `${effect.kind}:${effect.application}`;
    case 'service':
    case 'queues':
      return `${effect.kind}:${effect.service}`;
    default:
      return `${effect.kind}:${effect.registration}`;
  }
}

const days = (count: number): number => count * 24 * 60 * 60;
