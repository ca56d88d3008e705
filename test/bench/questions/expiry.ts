/**
 * Ten thousand requests expire at one tick: how long does an approval in the middle of it take, until Slack has its card and
 * the owner's message? Baseline: the same approval while nothing else happens.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fillPending } from '../clicks.ts';
import { send } from '../load.ts';
import { type Database, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { click } from '../requests.ts';
import { figure, type Measured, ratio, rounds } from '../rounds.ts';
import { openStandIn, type StandIn } from '../stand-in.ts';
import { median } from '../statistics.ts';
import { milliseconds } from '../words.ts';

/** By then a person expects to see that the click has counted, in milliseconds. */
const promised = 2_000;

export async function expiry({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const expiring = quick ? 1_000 : 10_000;
  const approvals = quick ? 3 : 10;
  await using slack = await openStandIn();
  const [busy, idle] = [await place.database(), await place.database()];
  const measured = await rounds(
    {
      async busy() {
        await busy.sql`truncate outbox`;
        const due = await fillPending(busy, expiring);
        await busy.sql`update registrations set requested_at = now() - interval '8 days' where public_id = any (${due}::uuid[])`;
        return approve(slack, busy, approvals, due);
      },
      idle: () => approve(slack, idle, approvals, []),
    },
    { count: quick ? 1 : count },
  );
  const [ours, alone] = [roundsOf(measured, 'busy'), roundsOf(measured, 'idle')];
  const bar = ours.map(() => ({ slowest: promised }));
  return [
    {
      question: `an approval while ${expiring.toLocaleString('en')} requests expire: card and message at Slack`,
      bot: milliseconds(figure(ours, 'took')),
      baseline: `while nothing else happens: ${milliseconds(figure(alone, 'took'))}`,
      ratio: ratio(ours, alone, 'took'),
      mustBe: { atMost: 5 },
    },
    {
      question: 'the slowest of them',
      bot: milliseconds(figure(ours, 'slowest')),
      baseline: `promised: ${promised} ms`,
      ratio: ratio(ours, bar, 'slowest'),
      mustBe: { atMost: 1 },
    },
  ];
}

/** Starts a bot, and approves one request after the other once the first of those that are due has expired. */
async function approve(slack: StandIn, database: Database, approvals: number, due: string[]): Promise<Measured> {
  const { sql } = database;
  const ids = await fillPending(database, approvals);
  // Each has a card and an owner of its own, to be known by at Slack.
  await sql`update registrations set card_ts = '1800000000.' || id where public_id = any (${ids}::uuid[])`;
  await sql`
    update application_owners o set user_id = 'U0OWNER' || r.id from registrations r
    where r.application_id = o.application_id and r.public_id = any (${ids}::uuid[])`;
  const rows = await sql<{ id: number; publicId: string }[]>`
    select id::int, public_id as "publicId" from registrations where public_id = any (${ids}::uuid[])`;
  await using bot = await startBot(slack, database, { EXPIRE_PENDING_AFTER: '7d' });
  const expired = async () => {
    const [row] =
      await sql`select count(*)::int from registrations where status = 'expired' and public_id = any (${due}::uuid[])`;
    return row?.count ?? 0;
  };
  while (due.length > 0 && (await expired()) === 0) await pause(5);
  const took: number[] = [];
  for (const { id, publicId } of rows) {
    const ts = `1800000000.${id}`;
    const [card, message] = [slack.arrival(ts), slack.arrival(`U0OWNER${id}`)];
    const began = performance.now();
    await send(bot.port, click('U0ALEX', 'approve', `${publicId}@1`, 'http://127.0.0.1:9/none', ts));
    took.push(Math.max(await card, await message) - began);
    await pause(100);
  }
  const [left] = await sql`select count(*)::int from outbox where dead_at is null`;
  if (due.length > 0 && left?.count === 0) throw new Error('all had been told before the last approval');
  return { took: median(took), slowest: Math.max(...took) };
}
