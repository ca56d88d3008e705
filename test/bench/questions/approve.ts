/**
 * How many Approve clicks a second are decided and committed? Baseline: the same rows written by hand in one transaction,
 * behind a bare Bolt listener. The bot also sends the messages; what is left of those when the last click is committed is
 * waited for before the other is measured.
 */
import { approveAll, drained, fillPending } from '../clicks.ts';
import { type Database, startBare, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn } from '../stand-in.ts';
import { perSecond } from '../words.ts';

const inFlight = 32;

export async function approve({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const clicks = quick ? 40 : 256;
  await using slack = await openStandIn();
  const mine = await place.database();
  const theirs = await place.database();
  await using bot = await startBot(slack, mine);
  await using bare = await startBare(slack, { DATABASE_URL: theirs.url });
  const pending = async (database: Database) => fillPending(database, clicks);
  const measured = await rounds(
    {
      async bot() {
        const ids = await pending(mine);
        const decided = await approveAll([bot.port], mine, ids, inFlight);
        const messages = await drained(mine);
        return { ...decided, told: clicks / (clicks / (decided.perSecond ?? 1) + messages) };
      },
      async hand() {
        return approveAll([bare.port], theirs, await pending(theirs), inFlight);
      },
    },
    { count },
  );
  const ours = roundsOf(measured, 'bot');
  const hand = roundsOf(measured, 'hand');
  return [
    {
      question: `Approve clicks on different cards, ${inFlight} in flight: decided and committed`,
      bot: perSecond(figure(ours, 'perSecond')),
      baseline: `by hand: ${perSecond(figure(hand, 'perSecond'))}`,
      ratio: ratio(ours, hand, 'perSecond'),
      mustBe: { atLeast: 0.6 },
      note: `with card, message and Homes out: ${perSecond(figure(ours, 'told'))}`,
    },
  ];
}
