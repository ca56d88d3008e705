/**
 * The outbox's table: what enqueues, claims and ends jobs. `docs/decisions/` says why it is made like this.
 *
 * Invariant: the lowest id of a lane is in front, or a job of the lane is leased and its end brings the lowest to the front.
 * An insert keeps it without a look at the lane: the first job of each lane in a statement goes to the front. A claim looks,
 * and takes out of the front what is blocked. All moments are the database's, which every replica shares.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Priority } from '../../domain/effects.ts';
import type { Drizzle, Tx } from '../client.ts';
import { outbox } from '../schema/outbox.ts';
import type { Incident } from './types.ts';

export const priorities = { act: 0, clock: 1, bulk: 2 } as const satisfies Record<Priority, number>;

export type NewJob = {
  queue: string;
  lane: string;
  priority: Priority;
  effect: { kind: string };
  /** In how many seconds it is due, if not at once. */
  seconds?: number;
};

/** A job that a worker holds, as it was when it was claimed. */
export type Job = {
  id: number;
  /** The fencing token: whatever this worker writes about the job names it. */
  attempt: number;
  lane: string;
  effect: { kind: string };
  retries: number;
  /** The worker that had it before lost its lease, or died. */
  crashed: boolean;
  /** An earlier attempt may have reached Slack. */
  unsure: boolean;
  /** It has been tried for so long that a failure makes it a dead letter. */
  expired: boolean;
  enqueuedAt: Date;
  /** How long ago that was, in seconds. */
  age: number;
  unsureUntil: Date | undefined;
  slot: Date | undefined;
  progress: string | undefined;
  /** The incident that its last attempt failed by. */
  incident: Incident | undefined;
};

/** The lease has ended, and perhaps another worker has the job: nothing may be written about it. */
export class LeaseLost extends Error {
  constructor({ id, attempt }: Pick<Job, 'id' | 'attempt'>) {
    super(`the lease of attempt ${attempt} at job ${id} has ended`);
  }
}

/** What wakes the workers of all replicas. */
export const outboxChannel = 'registrar_outbox';

/** How long a worker has a job without a heartbeat, in seconds. */
export const leaseSeconds = 10;

const lease = sql`clock_timestamp() + make_interval(secs => ${sql.raw(String(leaseSeconds))})`;

/** Selects the lock of a lane, held to the end of a transaction that changes which of its jobs is in front. Colliding hashes only cost time. */
const lockOf = (lane: SQL | string) => sql`hashtextextended('outbox ' || ${lane}, 0)`;

/**
 * Throws where a statement would not see what was committed while the one before it waited for a lock: then a lane could be
 * left with jobs and nothing in front.
 */
function checkIsolation(rows: { isolation: string }[]): void {
  const other = rows.find((row) => row.isolation !== 'read committed');
  if (other) throw new Error(`the outbox needs READ COMMITTED; this transaction is ${other.isolation}`);
}

const isolation = sql`current_setting('transaction_isolation') as isolation`;

const idsOf = (ids: number[]) => sql`string_to_array(${ids.join()}::text, ',')::bigint[]`;

/** Inserts jobs, for the transaction of the change that causes them, and wakes the workers when it commits. */
export async function enqueue(tx: Tx, jobs: NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.execute(sql`
    with enqueued as (
      insert into ${outbox} (queue, lane, priority, front, effect, run_at)
      select queue, lane, priority, front, effect, now() + make_interval(secs => coalesce(seconds, 0))
      from rows from (jsonb_to_recordset(${JSON.stringify(placed(jobs))}::jsonb)
        as (queue text, lane text, priority smallint, front boolean, effect jsonb, seconds float8)) with ordinality
        as job (queue, lane, priority, front, effect, seconds, nth)
      order by nth returning 1)
    select pg_notify(${outboxChannel}, '') from enqueued limit 1`);
}

/** Places jobs in their lanes: the first of each is in front, and what is before another is at least as urgent. */
function placed(jobs: NewJob[]) {
  const urgency = new Map<string, number>();
  const rows = jobs.toReversed().map((job) => {
    const priority = Math.min(priorities[job.priority], urgency.get(job.lane) ?? priorities.bulk);
    urgency.set(job.lane, priority);
    return { ...job, priority };
  });
  const begun = new Set<string>();
  return rows.toReversed().map((row) => {
    const front = !begun.has(row.lane);
    begun.add(row.lane);
    return { ...row, front };
  });
}

/** How many jobs a claim may take in all, and how many of them may be other than what follows a person's act. */
export type Slots = { all: number; others: number };

/**
 * Claims jobs of a queue that are due, the most urgent first, one for each lane at most. `again` says that there may be more
 * at once: the claim was full, or met blocked jobs and cleared them out of the way.
 */
export async function claim({ tables }: { tables: Drizzle }, queue: string, slots: Slots) {
  return tables.transaction(async (tx): Promise<{ jobs: Job[]; again: boolean }> => {
    const candidates = await candidatesOf(tx, queue, slots);
    if (candidates.length === 0) return { jobs: [], again: false };
    // A statement of its own: it must see what was committed before the lanes were locked.
    const rows = await tx.execute<ClaimedRow>(sql`
      with locked as materialized (
        select id, lane, priority, run_at, leased from ${outbox}
        where id = any (${idsOf(candidates)}) and front and dead_at is null and run_at <= now() for update skip locked),
      looked as (
        select id, lane, priority, run_at, not leased and (
          (select other.id from ${outbox} other where other.lane = locked.lane and other.dead_at is null
            order by other.lane, other.id limit 1) < locked.id
          or exists (select from ${outbox} other where other.lane = locked.lane and other.leased and other.id <> locked.id)
        ) as blocked
        from locked),
      ranked as (
        select id, blocked,
          row_number() over (partition by blocked order by priority, run_at, id) <= ${slots.all}
            and (priority = 0 or row_number() over (partition by blocked, priority > 0 order by priority, run_at, id) <= ${slots.others})
            as taken
        from looked)
      update ${outbox} job set
        front = not ranked.blocked,
        leased = not ranked.blocked,
        attempt = job.attempt + case when ranked.blocked then 0 else 1 end,
        unsure = job.unsure or job.leased,
        -- Its handler was aborted when its lease ended, and may have been posting.
        unsure_until = case when job.leased then greatest(job.run_at, job.unsure_until) else job.unsure_until end,
        run_at = case when ranked.blocked then job.run_at else ${lease} end
      from ranked, ${outbox} before
      where job.id = ranked.id and before.id = ranked.id and (ranked.blocked or ranked.taken)
      returning ranked.blocked, job.id, job.attempt, job.lane, job.priority, job.effect, job.retries, job.unsure,
        before.leased as crashed, job.give_up_at <= now() as expired, job.enqueued_at::text, job.slot::text,
        extract(epoch from now() - job.enqueued_at)::float8 as age,
        job.unsure_until::text, job.progress,
        job.destination, job.cause`);
    const blocked = rows.filter((row) => row.blocked);
    await raise(
      tx,
      blocked.filter(({ priority }) => priority === priorities.act),
    );
    const taken = rows.filter((row) => !row.blocked);
    return {
      jobs: taken.toSorted((one, other) => one.priority - other.priority || one.id - other.id).map(jobOf),
      again: blocked.length > 0 || taken.length === slots.all,
    };
  });
}

/** Jobs that are due and in front, some more than are wanted, of lanes that no other worker is looking at. Locks the lanes. */
async function candidatesOf(tx: Tx, queue: string, { all, others }: Slots): Promise<number[]> {
  const due = (priority: Priority, most: number) => sql`
    (select id, lane from ${outbox}
    where queue = ${queue} and front and dead_at is null and priority = ${priorities[priority]}::smallint and run_at <= now()
    order by run_at, id limit ${most})`;
  const most = others === 0 ? 0 : others + spare;
  const rows = await tx.execute<{ id: string; isolation: string }>(sql`
    with due as materialized (
      ${due('act', all + spare)} union all ${due('clock', most)} union all ${due('bulk', most)})
    select id, ${isolation} from due where pg_try_advisory_xact_lock(${lockOf(sql`lane`)})`);
  checkIsolation(rows);
  return rows.map(({ id }) => Number(id));
}

/** How many candidates a claim takes beyond what it wants: some are blocked, and those it clears out of the way. */
const spare = 20;

/** How much of a lane a claim raises at once, and how soon it raises more, in seconds: far sooner than so many are delivered. */
const raised = 200;
const raisesAgainIn = 1;

/** Raises what is before a user's job in its lane to the priority of that: the first of it, and later the others. */
async function raise(tx: Tx, blocked: { id: number; lane: string }[]): Promise<void> {
  for (const { id, lane } of blocked) {
    const found = await tx.execute(sql`
      update ${outbox} set priority = 0 where id = any (array(
        select id from ${outbox} where lane = ${lane} and id < ${id} and priority > 0 and dead_at is null
        order by id limit ${raised} for update skip locked))
      returning id`);
    // In front it is looked at again, and blocked again where there is more.
    if (found.length === raised)
      await tx.execute(sql`
        update ${outbox} set front = true, run_at = clock_timestamp() + make_interval(secs => ${raisesAgainIn}) where id = ${id}`);
  }
}

/** Has what waits in lanes tried at once and as what follows a person's act, also where it has failed and was to wait. */
export async function hurry(tx: Tx, lanes: string[]): Promise<void> {
  const wanted = sql`select value from jsonb_array_elements_text(${JSON.stringify(lanes)}::jsonb)`;
  await tx.execute(sql`
    update ${outbox} set run_at = least(run_at, clock_timestamp()), priority = 0 where id in (
      select id from ${outbox} where lane in (${wanted}) and not leased and dead_at is null order by id
      for update skip locked)`);
}

/** Returns in how many seconds the next job of a queue is due, 0 or less where one is; undefined where nothing waits. */
export async function nextDue({ tables }: { tables: Drizzle }, queue: string): Promise<number | undefined> {
  const [row] = await tables.execute<{ seconds: number | null }>(sql`
    select extract(epoch from min(due.run_at) - clock_timestamp())::float8 as seconds
    from generate_series(0, 2) as level, lateral (
      select run_at from ${outbox} where queue = ${queue} and front and dead_at is null and priority = level::smallint
      order by run_at limit 1) due`);
  return row?.seconds ?? undefined;
}

/**
 * Tells whether so many lanes of bulk wait. What has failed is not counted: a channel that cannot be posted to must not hold back
 * what goes elsewhere.
 */
export async function isBusyWithBulk({ tables }: { tables: Drizzle }, lanes: number): Promise<boolean> {
  const [row] = await tables.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      select from ${outbox} where queue = 'outbox' and priority = ${priorities.bulk}::smallint and front and dead_at is null
        and retries = 0
      limit ${lanes}) waiting`);
  return row?.count === lanes;
}

/** Says whether jobs of a lane wait or are being delivered. */
export async function isBusy({ tables }: { tables: Drizzle }, lane: string): Promise<boolean> {
  const [found] = await tables.execute(sql`select from ${outbox} where lane = ${lane} and dead_at is null limit 1`);
  return found !== undefined;
}

/** Extends leases. Returns those of the jobs that are still held; the other leases are lost. */
export async function heartbeat<Held extends Pick<Job, 'id' | 'attempt'>>(
  { tables }: { tables: Drizzle },
  jobs: Held[],
): Promise<Held[]> {
  const ids = idsOf(jobs.map(({ id }) => id));
  const attempts = idsOf(jobs.map(({ attempt }) => attempt));
  const rows = await tables.execute<{ id: string; attempt: number }>(sql`
    update ${outbox} job set run_at = ${lease} from unnest(${ids}, ${attempts}) as held (id, attempt)
    where job.id = held.id and job.attempt = held.attempt and job.leased returning job.id, job.attempt`);
  const kept = new Map(rows.map(({ id, attempt }) => [Number(id), attempt]));
  return jobs.filter(({ id, attempt }) => kept.get(id) === attempt);
}

/**
 * Keeps a job with its worker until the transaction ends: no other worker can claim it meanwhile, and the heartbeat goes on.
 * Throws where the lease is lost.
 */
export async function keep(tx: Tx, job: Job): Promise<void> {
  const kept = await tx.execute(sql`select 1 from ${outbox} where ${heldBy(job)} for key share`);
  if (kept.length === 0) throw new LeaseLost(job);
}

/** Saves how far an attempt came, for the next one. */
export async function saveProgress({ tables }: { tables: Drizzle }, job: Job, progress: string): Promise<void> {
  const saved = await tables.execute(
    sql`update ${outbox} set progress = ${progress} where ${heldBy(job)} returning id`,
  );
  if (saved.length === 0) throw new LeaseLost(job);
}

/** Completes a job that was delivered. */
export const complete = (tx: Tx, job: Job): Promise<void> => end(tx, job, sql`delete from ${outbox}`);

/** Retries a job after so many seconds. Until then it holds back its lane. */
export const retry = (tx: Tx, job: Job, seconds: number, incident: Incident | undefined): Promise<void> =>
  release(
    tx,
    job,
    sql`
    retries = retries + 1, unsure = true, unsure_until = clock_timestamp(), slot = null, paced_in = null, round = null, run_at = ${inSeconds(seconds)},
    destination = ${incident?.destination ?? null}, cause = ${incident?.cause ?? null}`,
  );

export type Postponement = {
  seconds: number;
  /** Slack may have been asked, and have done it. */
  unsure?: boolean | undefined;
  /** The send time that was reserved for it. */
  slot?: Date | undefined;
  /** What is left to do, where a part is done. */
  effect?: { kind: string } | undefined;
};

/** Postpones a job, which is no failure: it keeps its place, and no retry is counted. */
export const postpone = (tx: Tx, job: Job, { seconds, unsure = false, slot, effect }: Postponement): Promise<void> =>
  release(
    tx,
    job,
    sql`
    unsure = unsure or ${unsure},
    unsure_until = case when unsure or not ${unsure} then unsure_until else clock_timestamp() end, slot = ${slot?.toISOString() ?? null}::timestamptz,
    run_at = ${slot ? sql`${slot.toISOString()}::timestamptz` : inSeconds(seconds)},
    effect = coalesce(${effect ? JSON.stringify(effect) : null}::jsonb, effect)`,
  );

/** Makes a job a dead letter: its lane goes on, and it waits to be redriven. */
export const bury = (tx: Tx, job: Job, { destination, cause }: Incident): Promise<void> =>
  release(
    tx,
    job,
    sql`
    dead_at = clock_timestamp(), unsure = true, unsure_until = clock_timestamp(), slot = null, paced_in = null, round = null, destination = ${destination}, cause = ${cause}`,
  );

const release = (tx: Tx, job: Job, changes: SQL): Promise<void> =>
  end(tx, job, sql`update ${outbox} set leased = false, front = false, ${changes}`);

const inSeconds = (seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds}::float8)`;

/** Selects the job that a worker holds, for as long as its lease lasts. */
export const heldBy = ({ id, attempt }: Pick<Job, 'id' | 'attempt'>) =>
  sql`id = ${id} and attempt = ${attempt} and leased`;

/**
 * Ends a worker's hold of a job and brings the lowest of the lane to the front. Throws `LeaseLost`, so that the transaction
 * is given up, where the lease has gone on to another worker. One for each transaction, and first in it: two that ended
 * several lanes in different orders would wait for each other.
 */
async function end(tx: Tx, job: Job, write: SQL): Promise<void> {
  const ended = await tx.execute<{ isolation: string }>(sql`
    ${write} where ${heldBy(job)} returning pg_advisory_xact_lock(${lockOf(job.lane)}), ${isolation}`);
  if (ended.length === 0) throw new LeaseLost(job);
  checkIsolation(ended);
  // A statement of its own: it must see what was enqueued before the lane was locked.
  await tx.execute(sql`
    update ${outbox} set front = true where not front and id = (
      select id from ${outbox} where lane = ${job.lane} and dead_at is null order by id limit 1)`);
}

type ClaimedRow = {
  blocked: boolean;
  id: number;
  attempt: number;
  lane: string;
  priority: number;
  effect: { kind: string };
  retries: number;
  crashed: boolean;
  unsure: boolean;
  expired: boolean;
  enqueued_at: string;
  age: number;
  unsure_until: string | null;
  slot: string | null;
  progress: string | null;
  destination: string | null;
  cause: string | null;
};

const jobOf = ({
  blocked: _,
  priority: __,
  enqueued_at,
  unsure_until,
  slot,
  progress,
  destination,
  cause,
  ...row
}: ClaimedRow): Job => ({
  ...row,
  id: Number(row.id),
  enqueuedAt: new Date(enqueued_at),
  unsureUntil: unsure_until === null ? undefined : new Date(unsure_until),
  slot: slot === null ? undefined : new Date(slot),
  progress: progress ?? undefined,
  incident: destination !== null && cause !== null ? { destination, cause } : undefined,
});
