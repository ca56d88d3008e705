/**
 * The outbox's table: what enqueues, claims and ends jobs. `docs/decisions/` says why it is made like this.
 *
 * Invariant: the lowest id of a lane is in front, or a job of the lane is leased and its end brings the lowest to the front.
 * An insert keeps it without a look at the lane: the first job of each lane in a statement goes to the front. A claim looks,
 * and takes out of the front what is blocked. All moments are the database's, which every replica shares.
 */
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { Priority } from '../../domain/effects.ts';
import type { Drizzle, Tx } from '../client.ts';
import { outbox } from '../schema/outbox.ts';
import type { Incident, Job, Postponement } from './types.ts';
import { priorities, raise } from './urgency.ts';

type Db = { tables: Drizzle };

export type NewJob = {
  queue: string;
  lane: string;
  priority: Priority;
  effect: { kind: string };
  /** In how many seconds it is due, if not at once. */
  seconds?: number;
};

/** What a worker needs to know of a job that it holds. The attempt is the fencing token. */
type Held = Pick<Job, 'id' | 'attempt'>;

/** The lease has ended and perhaps another worker has the job, or this process stops: nothing may be written about it. */
export class LeaseLost extends Error {
  constructor({ id, attempt }: Held) {
    super(`attempt ${attempt} at job ${id} has its lease no longer, or gives it up`);
  }
}

/** What wakes the workers of all replicas. */
export const outboxChannel = 'registrar_outbox';

/** How long a worker has a job without a heartbeat, in seconds. */
export const leaseSeconds = 10;

const now = sql`clock_timestamp()`;
const inSeconds = (seconds: number) => sql`${now} + make_interval(secs => ${seconds}::float8)`;

/** Inserts jobs, for the transaction of the change that causes them, and wakes the workers when it commits. */
export async function enqueue(tx: Tx, jobs: NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const rows = JSON.stringify(jobs.map((job) => ({ ...job, priority: priorities[job.priority] })));
  await tx.execute(sql`
    with enqueued as (
      insert into ${outbox} (queue, lane, priority, front, effect, run_at)
      select queue, lane,
        -- What is before another in its lane is at least as urgent.
        min(priority) over (partition by lane order by nth rows between current row and unbounded following),
        row_number() over (partition by lane order by nth) = 1,
        effect, now() + make_interval(secs => coalesce(seconds, 0))
      from rows from (jsonb_to_recordset(${rows}::jsonb)
        as (queue text, lane text, priority smallint, effect jsonb, seconds float8)) with ordinality
        as job (queue, lane, priority, effect, seconds, nth)
      order by nth returning 1)
    select pg_notify(${outboxChannel}, '') from enqueued limit 1`);
}

/** Returns in how many seconds the next job of a queue is due, 0 or less where one is. */
export async function nextDue({ tables }: Db, queue: string): Promise<number> {
  const [row] = await tables.execute<{ seconds: number | null }>(sql`
    select extract(epoch from min(due.run_at) - ${now})::float8 as seconds
    from generate_series(0, 2) as level, lateral (
      select run_at from ${outbox} where queue = ${queue} and front and dead_at is null and priority = level::smallint
      order by run_at limit 1) due`);
  return row?.seconds ?? Number.POSITIVE_INFINITY;
}

/** Tells whether jobs of a lane wait or are being delivered. */
export async function isBusy({ tables }: Db, lane: string): Promise<boolean> {
  const [found] = await tables.execute(sql`select from ${outbox} where lane = ${lane} and dead_at is null limit 1`);
  return found !== undefined;
}

/** How many jobs a claim may take in all, and how many of them may be other than what follows a person's act. */
export type Slots = { all: number; others: number };

/**
 * Claims jobs of a queue that are due, the most urgent first, one for each lane at most. `again`: it met blocked jobs and
 * cleared them out of the way, and there may be others behind them.
 */
export async function claim({ tables }: Db, queue: string, slots: Slots): Promise<{ jobs: Job[]; again: boolean }> {
  return tables.transaction(async (tx) => {
    const candidates = await lockCandidates(tx, queue, slots);
    if (candidates.length === 0) return { jobs: [], again: false };
    // A statement of its own: it must see what was committed before the lanes were locked.
    const looked = sql`(
      select id, blocked, leased as crashed,
        row_number() over (partition by blocked order by priority, run_at, id) <= ${slots.all} and (priority = 0 or
          row_number() over (partition by blocked, priority > 0 order by priority, run_at, id) <= ${slots.others}) as taken
      from (
        select id, priority, run_at, leased, not leased and (
          (select id from ${outbox} first where first.lane = job.lane and first.dead_at is null order by lane, id limit 1) < job.id
          or exists (select from ${outbox} other where other.lane = job.lane and other.leased and other.id <> job.id)) as blocked
        from ${outbox} job
        where id = any (string_to_array(${candidates.join()}::text, ',')::bigint[])
          and front and dead_at is null and run_at <= now()
        for update skip locked) locked
    ) looked`;
    const rows = await tx
      .update(outbox)
      .set({
        front: sql`not blocked`,
        leased: sql`not blocked`,
        attempt: sql`${outbox.attempt} + (not blocked)::int`,
        unsure: sql`${outbox.unsure} or crashed`,
        // Its handler was aborted when its lease ended, and may have been posting.
        unsureUntil: sql`case when crashed then greatest(${outbox.runAt}, ${outbox.unsureUntil}) else ${outbox.unsureUntil} end`,
        runAt: sql`case when blocked then ${outbox.runAt} else ${inSeconds(leaseSeconds)} end`,
      })
      .from(looked)
      .where(sql`${outbox.id} = looked.id and (blocked or taken)`)
      .returning({
        ...getTableColumns(outbox),
        blocked: sql<boolean>`blocked`,
        crashed: sql<boolean>`crashed`,
        expired: sql<boolean>`${outbox.giveUpAt} <= now()`,
        age: sql<number>`extract(epoch from now() - ${outbox.enqueuedAt})::float8`,
      });
    const blocked = rows.filter((row) => row.blocked);
    for (const job of blocked) if (job.priority === priorities.act) await raise(tx, job);
    const jobs = rows.filter((row) => !row.blocked);
    return {
      jobs: jobs.toSorted((one, other) => one.priority - other.priority || one.id - other.id),
      again: blocked.length > 0,
    };
  });
}

/** How many candidates a claim looks at beyond what it wants: some are blocked, and those it clears out of the way. */
const spare = 20;

/** Finds jobs that are due and in front, and locks their lanes; without those of lanes that another worker is looking at. */
async function lockCandidates(tx: Tx, queue: string, { all, others }: Slots): Promise<number[]> {
  const due = (priority: Priority, slots: number) => sql`
    (select id, lane from ${outbox}
    where queue = ${queue} and front and dead_at is null and priority = ${priorities[priority]}::smallint and run_at <= now()
    order by run_at, id limit ${slots && slots + spare})`;
  const rows = await tx.execute<{ id: string; isolation: string }>(sql`
    with due as materialized (
      ${due('act', all)} union all ${due('clock', others)} union all ${due('bulk', others)})
    select id, ${isolation} from due where pg_try_advisory_xact_lock(${lockOf(sql`lane`)})`);
  checkIsolation(rows);
  return rows.map(({ id }) => Number(id));
}

/** Extends the lease of a job. Returns false where it is lost. */
export async function heartbeat({ tables }: Db, job: Held): Promise<boolean> {
  const runAt = inSeconds(leaseSeconds);
  return (await tables.update(outbox).set({ runAt }).where(heldBy(job)).returning({ id: outbox.id })).length > 0;
}

/** Selects the job that a worker holds, for as long as its lease lasts. */
export const heldBy = ({ id, attempt }: Held) => and(eq(outbox.id, id), eq(outbox.attempt, attempt), outbox.leased);

/**
 * Keeps a job with its worker until the transaction ends: no other worker can claim it meanwhile, and the heartbeat goes on.
 * Throws where the lease is lost.
 */
export async function keep(tx: Tx, job: Held): Promise<void> {
  const kept = await tx.select({ id: outbox.id }).from(outbox).where(heldBy(job)).for('key share');
  if (kept.length === 0) throw new LeaseLost(job);
}

/** Saves how far an attempt came, for the next one. For a transaction that keeps the job. */
export async function saveProgress({ tables }: Db, { id }: Held, progress: string): Promise<void> {
  await tables.update(outbox).set({ progress }).where(eq(outbox.id, id));
}

/** Completes a job that was delivered. */
export const complete = (tx: Tx, job: Job): Promise<void> => end(tx, job, 'delete');

/** Postpones a job, which is no failure: it keeps its place, and no retry is counted. */
export const postpone = (tx: Tx, job: Job, { seconds, unsure, slot, effect }: Postponement): Promise<void> =>
  end(tx, job, {
    // Where an earlier attempt may have reached Slack, that one is what is looked for.
    ...(unsure
      ? { unsure, unsureUntil: sql`case when ${outbox.unsure} then ${outbox.unsureUntil} else ${now} end` }
      : {}),
    ...(effect ? { effect } : {}),
    slot: slot ?? null,
    runAt: slot ?? inSeconds(seconds),
  });

/** Retries a job after so many seconds. Until then it holds back its lane. */
export const retry = (tx: Tx, job: Job, seconds: number, incident?: Incident): Promise<void> =>
  end(tx, job, { ...failed(incident), retries: sql`${outbox.retries} + 1`, runAt: inSeconds(seconds) });

/** Makes a job a dead letter: its lane goes on, and it waits to be redriven. */
export const bury = (tx: Tx, job: Job, incident: Incident): Promise<void> =>
  end(tx, job, { ...failed(incident), deadAt: now });

/** Returns what a failure changes: the attempt may have reached Slack, and has no slot. */
const failed = (incident?: Incident) => ({
  unsure: true,
  unsureUntil: now,
  slot: null,
  pacedIn: null,
  round: null,
  destination: incident?.destination ?? null,
  cause: incident?.cause ?? null,
});

/**
 * Ends a worker's hold of a job and brings the lowest of the lane to the front. Throws `LeaseLost`, so that the transaction
 * is given up, where the lease has gone on to another worker. One for each transaction, and first in it: two that ended
 * several lanes in different orders would wait for each other.
 */
async function end(tx: Tx, job: Job, changes: 'delete' | PgUpdateSetSource<typeof outbox>): Promise<void> {
  const returned = { lock: sql`pg_advisory_xact_lock(${lockOf(job.lane)})`, isolation: sql<string>`${isolation}` };
  const ended =
    changes === 'delete'
      ? await tx.delete(outbox).where(heldBy(job)).returning(returned)
      : await tx
          .update(outbox)
          .set({ leased: false, front: false, ...changes })
          .where(heldBy(job))
          .returning(returned);
  if (ended.length === 0) throw new LeaseLost(job);
  checkIsolation(ended);
  // A statement of its own: it must see what was enqueued before the lane was locked.
  await tx.execute(sql`
    update ${outbox} set front = true where not front and id = (
      select id from ${outbox} where lane = ${job.lane} and dead_at is null order by id limit 1)`);
}

/** Selects the lock of a lane, held to the end of a transaction that changes which of its jobs is in front. Colliding hashes only cost time. */
const lockOf = (lane: SQL | string) => sql`hashtextextended('outbox ' || ${lane}, 0)`;

const isolation = sql`current_setting('transaction_isolation') as isolation`;

/**
 * Throws where a statement would not see what was committed while the one before it waited for a lock: then a lane could be
 * left with jobs and nothing in front.
 */
function checkIsolation(rows: { isolation: string }[]): void {
  const other = rows.find((row) => row.isolation !== 'read committed');
  if (other) throw new Error(`the outbox needs READ COMMITTED; this transaction is ${other.isolation}`);
}
