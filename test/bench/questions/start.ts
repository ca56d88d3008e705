/** How long from the start until it is ready, on a migrated database? Baseline: a bare Bolt app. */
import { startBare, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn } from '../stand-in.ts';
import { milliseconds } from '../words.ts';

export async function start({ place, rounds: count }: Bench): Promise<Answer[]> {
  await using slack = await openStandIn();
  const database = await place.database();
  const measured = await rounds(
    {
      async bot() {
        await using bot = await startBot(slack, database);
        return { took: bot.startedIn };
      },
      async bare() {
        await using bare = await startBare(slack);
        return { took: bare.startedIn };
      },
    },
    { count },
  );
  const [ours, bare] = [roundsOf(measured, 'bot'), roundsOf(measured, 'bare')];
  return [
    {
      question: 'start to ready, migrated database',
      bot: milliseconds(figure(ours, 'took')),
      baseline: `bare Bolt: ${milliseconds(figure(bare, 'took'))}`,
      ratio: ratio(ours, bare, 'took'),
      mustBe: { atMost: 2 },
    },
  ];
}
