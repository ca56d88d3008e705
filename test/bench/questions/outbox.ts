/**
 * Does a claim cost the same however much waits? And does a full outbox drain at one pace, to the last job? The table and
 * the worker alone, without Slack.
 */
import { connect } from '../../../src/db/client.ts';
import * as store from '../../../src/db/outbox/store.ts';
import { startWorker } from '../../../src/db/outbox/worker.ts';
import type { Database } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, type Measured, ratio, rounds } from '../rounds.ts';
import { median } from '../statistics.ts';
import { milliseconds, perSecond } from '../words.ts';

/** Jobs a second that a full outbox must drain at. */
const drainsAt = 500;

export async function outbox({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const [few, many] = quick ? [100, 5_000] : [100, 100_000];
  const jobs = quick ? 3_000 : 50_000;
  const [small, large, full] = [await place.database(), await place.database(), await place.database()];
  await fill(small, few);
  await fill(large, many);
  const claims = await rounds({ many: () => claimSome(large), few: () => claimSome(small) }, { count });
  const [big, little] = [roundsOf(claims, 'many'), roundsOf(claims, 'few')];
  const drains = await rounds({ drain: () => drain(full, jobs) }, { count: quick ? 1 : 2, warmUp: 0 });
  const drained = roundsOf(drains, 'drain');
  const bar = drained.map(() => ({ all: drainsAt }));
  const firsts = drained.map(({ first = 0 }) => ({ last: first }));
  return [
    {
      question: `a claim with ${many.toLocaleString('en')} jobs due`,
      bot: milliseconds(figure(big, 'took')),
      baseline: `with ${few}: ${milliseconds(figure(little, 'took'))}`,
      ratio: ratio(big, little, 'took'),
      mustBe: { atMost: 2 },
    },
    {
      question: `draining ${jobs.toLocaleString('en')} jobs to nothing`,
      bot: perSecond(figure(drained, 'all')),
      baseline: `${drainsAt}/s`,
      ratio: ratio(drained, bar, 'all'),
      mustBe: { atLeast: 1 },
    },
    {
      question: 'the last fifth of them',
      bot: perSecond(figure(drained, 'last')),
      baseline: `the first fifth: ${perSecond(figure(drained, 'first'))}`,
      ratio: ratio(drained, firsts, 'last'),
      mustBe: { atLeast: 0.7 },
    },
  ];
}

/** Jobs that are due, each of a lane of its own. */
const fill = async ({ sql }: Database, count: number): Promise<void> => {
  await sql`
    insert into outbox (queue, lane, priority, front, effect)
    select 'bench', 'card:' || n, 0, true, '{"kind": "card"}' from generate_series(1, ${count}::int) n`;
  await sql`vacuum analyze outbox`;
};

/** Claims job by job, and gives each back. */
async function claimSome({ url }: Database): Promise<Measured> {
  const db = connect(url);
  const took: number[] = [];
  for (let claims = 0; claims < 60; claims += 1) {
    const began = performance.now();
    const { jobs } = await store.claim(db, 'bench', { all: 1, others: 0 });
    // The first ones open the connection.
    if (claims >= 10) took.push(performance.now() - began);
    for (const job of jobs) await db.tables.transaction((tx) => store.postpone(tx, job, { seconds: 0 }));
  }
  await db.close();
  return { took: median(took) };
}

async function drain(database: Database, count: number): Promise<Measured> {
  await fill(database, count);
  const db = connect(database.url);
  const ended: number[] = [];
  const done = Promise.withResolvers<void>();
  const began = performance.now();
  const worker = startWorker(db, {
    queues: [{ name: 'bench', concurrency: 12, reserved: 4 }],
    async process(job) {
      await db.tables.transaction((tx) => store.complete(tx, job));
      if (ended.push(performance.now()) === count) done.resolve();
    },
    onError: done.reject,
  });
  await done.promise;
  await worker.stop(1_000);
  await db.close();
  const fifth = Math.floor(count / 5);
  const pace = (from: number, to: number) => (1000 * fifth) / (to - from);
  return {
    all: (1000 * count) / ((ended.at(-1) ?? 0) - began),
    first: pace(began, ended[fifth - 1] ?? 0),
    last: pace(ended[count - fifth - 1] ?? 0, ended.at(-1) ?? 0),
  };
}
