/**
 * The outbox's table against a model: whatever is enqueued, claimed, ended, given up and redriven, in any order and at the
 * same time, lanes keep their order, no lane is served twice at once, nothing is lost, and dead letters are exact.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { redrive } from '../../src/db/outbox/redrive.ts';
import * as store from '../../src/db/outbox/store.ts';
import type { Job } from '../../src/db/outbox/types.ts';
import type { Priority } from '../../src/domain/effects.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: ReturnType<typeof connect>;

beforeAll(async () => {
  database = await createDatabase();
  db = connect(database.url);
});

afterAll(async () => {
  await db.close();
  await database[Symbol.asyncDispose]();
});

type Operation =
  | { do: 'enqueue'; jobs: { lane: number; priority: Priority }[] }
  | { do: 'claim'; slots: number }
  | { do: 'complete' | 'retry' | 'postpone' | 'bury' | 'crash'; which: number }
  | { do: 'zombie'; which: number }
  | { do: 'redrive' };

/** What is done at the same time; or time passes, so that everything that waits is due. */
type Step = Operation[] | 'time';

const lane = fc.nat(3);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      jobs: fc.array(fc.record({ lane, priority: fc.constantFrom('act', 'clock', 'bulk') }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), slots: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('complete', 'complete', 'retry', 'postpone', 'bury', 'crash'),
      which: fc.nat(7),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('zombie' as const), which: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const) }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.array(operation, { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant('time' as const) },
  ),
  { minLength: 4, maxLength: 30 },
);

/** What must be true of a job. `waits`: until time passes. `lost`: its lease has ended, and no worker has it. */
type Known = { lane: string; state: 'due' | 'waits' | 'held' | 'lost' | 'done' | 'dead' };

class Run {
  readonly #known = new Map<number, Known>();
  readonly #held = new Map<number, Job>();
  /** Attempts whose lease has ended, while their workers do not know. */
  readonly #zombies: Job[] = [];
  #enqueued = 0;

  async perform(step: Step): Promise<void> {
    if (step === 'time') return this.#passTime();
    const before = this.#alive();
    const targets = new Set<number>();
    const claimed: Job[] = [];
    await Promise.all(step.map((one) => this.#start(one, targets, claimed)));
    await this.#learn(step.some((one) => one.do === 'redrive') ? targets : new Set());
    for (const job of claimed) {
      // It kept its lane while its worker was dead: what was redriven meanwhile comes after it.
      if (job.crashed) continue;
      const ahead = before.filter(([id, { lane }]) => lane === job.lane && id < job.id && !targets.has(id));
      const overtaken = ahead.filter(([id]) => !claimed.some((other) => other.id === id));
      expect(overtaken, `job ${job.id} overtook others of ${job.lane}`).toEqual([]);
    }
    // A lease is an hour long here, and ends when a step says so: the test has no clock.
    await database.sql`update outbox set run_at = now() + interval '1 hour' where leased and run_at > now()`;
  }

  /** Claims until there is nothing more: precisely the first of each lane that is due and has no lease. */
  async claimAll(): Promise<Job[]> {
    const free = (lane: string) => ![...this.#known.values()].some((one) => one.lane === lane && one.state === 'held');
    const firsts = new Map(
      this.#alive()
        .toReversed()
        .map(([id, { lane }]) => [lane, id]),
    );
    const expected = [...firsts].flatMap(([lane, id]) => {
      const lost = this.#alive().find(([, one]) => one.lane === lane && one.state === 'lost')?.[0];
      const next = lost ?? id;
      return free(lane) && this.#known.get(next)?.state !== 'waits' ? [next] : [];
    });
    const claimed: Job[] = [];
    for (let again = true; again; ) {
      const found = await store.claim(db, 'test', { all: 10, others: 10 });
      claimed.push(...found.jobs);
      again = found.again;
    }
    expect(claimed.map(({ id }) => id).sort()).toEqual(expected.sort());
    for (const job of claimed) this.#hold(job);
    return claimed;
  }

  /** Delivers all that is left, and compares what became of everything. */
  async finish(): Promise<void> {
    await this.claimAll();
    for (const job of [...this.#held.values()]) await this.#end('complete', job);
    await this.#passTime();
    for (let left = await this.claimAll(); left.length > 0; left = await this.claimAll()) {
      for (const job of left) await this.#end('complete', job);
      await this.#passTime();
    }
    const dead = await database.sql`select id::int from outbox where dead_at is not null order by id`;
    const alive = await database.sql`select id from outbox where dead_at is null`;
    expect(alive).toHaveLength(0);
    const buried = [...this.#known].filter(([, { state }]) => state === 'dead').map(([id]) => id);
    expect(dead.map(({ id }) => id)).toEqual(buried.sort((one, other) => one - other));
    expect(this.#known.size).toBe(this.#enqueued);
  }

  #alive = () =>
    [...this.#known]
      .filter(([, { state }]) => state !== 'done' && state !== 'dead')
      .sort(([one], [other]) => one - other);

  async #start(operation: Operation, targets: Set<number>, claimed: Job[]): Promise<void> {
    switch (operation.do) {
      case 'enqueue': {
        this.#enqueued += operation.jobs.length;
        const jobs = operation.jobs.map(({ lane, priority }) => ({
          queue: 'test',
          lane: `lane:${lane}`,
          priority,
          effect: { kind: 'test' },
        }));
        return db.tables.transaction((tx) => store.enqueue(tx, jobs));
      }
      case 'claim': {
        const { jobs } = await store.claim(db, 'test', { all: operation.slots, others: operation.slots });
        expect(jobs.length).toBeLessThanOrEqual(operation.slots);
        claimed.push(...jobs);
        for (const job of jobs) this.#hold(job);
        return;
      }
      case 'redrive': {
        for (const [id, one] of this.#known) {
          if (one.state !== 'dead' || targets.has(id)) continue;
          targets.add(id);
          this.#known.set(id, { ...one, state: 'due' });
        }
        await redrive(db, {}, 0);
        return;
      }
      case 'zombie':
        return this.#wakeZombie(operation.which);
      default: {
        const job = [...this.#held.values()].filter(({ id }) => !targets.has(id))[operation.which];
        if (!job) return;
        targets.add(job.id);
        return this.#end(operation.do, job);
      }
    }
  }

  #hold(job: Job): void {
    const known = this.#known.get(job.id) ?? { lane: job.lane, state: 'due' };
    const beside = [...this.#held.values()].filter((other) => other.lane === job.lane && other.id !== job.id);
    expect(beside, `${job.lane} is served twice at once`).toEqual([]);
    this.#known.set(job.id, { ...known, state: 'held' });
    this.#held.set(job.id, job);
  }

  async #end(how: 'complete' | 'retry' | 'postpone' | 'bury' | 'crash', job: Job): Promise<void> {
    // Until its transaction has begun to end no other worker can claim the lane.
    this.#held.delete(job.id);
    const states = { complete: 'done', retry: 'waits', postpone: 'waits', bury: 'dead', crash: 'lost' } as const;
    const incident = { destination: 'C0', cause: 'is_archived' };
    this.#known.set(job.id, { lane: job.lane, state: states[how] });
    if (how === 'crash') {
      this.#zombies.push(job);
      await database.sql`update outbox set run_at = now() - interval '1 second' where id = ${job.id}`;
      return;
    }
    await db.tables.transaction((tx) => {
      if (how === 'complete') return store.complete(tx, job);
      if (how === 'retry') return store.retry(tx, job, 3600, undefined);
      if (how === 'postpone') return store.postpone(tx, job, { seconds: 3600 });
      return store.bury(tx, job, incident);
    });
  }

  /** A worker that has lost its lease to another writes nothing. */
  async #wakeZombie(which: number): Promise<void> {
    const zombie = this.#zombies[which];
    const now = zombie && this.#held.get(zombie.id);
    if (!zombie || !now) return;
    await expect(db.tables.transaction((tx) => store.complete(tx, zombie))).rejects.toThrow(store.LeaseLost);
  }

  /** What has come; and what became of these, where they were buried while dead letters were redriven. */
  async #learn(buried: Set<number>): Promise<void> {
    const rows = await database.sql<{ id: number; lane: string; dead: boolean }[]>`
      select id::int, lane, dead_at is not null as dead from outbox`;
    for (const { id, lane, dead } of rows) {
      const known = this.#known.get(id);
      if (!known || (buried.has(id) && known.state === 'dead' && !dead)) this.#known.set(id, { lane, state: 'due' });
    }
  }

  async #passTime(): Promise<void> {
    await database.sql`update outbox set run_at = run_at - interval '2 hours' where not leased`;
    for (const [id, one] of this.#known) if (one.state === 'waits') this.#known.set(id, { ...one, state: 'due' });
  }
}

it('keeps order, serves no lane twice at once, loses nothing, and has the dead letters that it should', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      await database.sql`truncate outbox restart identity`;
      const run = new Run();
      for (const step of all) await run.perform(step);
      await run.claimAll();
      await run.finish();
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 30) },
  );
}, 120_000);
