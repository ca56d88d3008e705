/** What does a second replica add? The same clicks on one and on two, and where the processors' time goes. */
import { cpus } from 'node:os';
import { approveAll, drained, fillPending } from '../clicks.ts';
import { processorTimeOf, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn } from '../stand-in.ts';
import { percent, perSecond } from '../words.ts';

const inFlight = 64;

export async function replicas({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const clicks = quick ? 40 : 256;
  await using slack = await openStandIn();
  const database = await place.database();
  await using one = await startBot(slack, database);
  await using two = await startBot(slack, database);
  const measure = (ports: number[]) => async () => {
    const ids = await fillPending(database, clicks);
    const before = await used();
    const began = performance.now();
    const decided = await approveAll(ports, database, ids, inFlight);
    const seconds = (performance.now() - began) / 1000;
    const [bots = 0, bench = 0] = (await used()).map((after, index) => (after - (before[index] ?? 0)) / seconds);
    await drained(database);
    return { ...decided, bots, bench };
  };
  const used = async () => {
    const bots = (await processorTimeOf(one.pid)) + (await processorTimeOf(two.pid));
    const { user, system } = process.cpuUsage();
    return [bots, (user + system) / 1e6];
  };
  const measured = await rounds({ one: measure([one.port]), two: measure([one.port, two.port]) }, { count });
  const [both, single] = [roundsOf(measured, 'two'), roundsOf(measured, 'one')];
  const share = (name: string) => percent(figure(both, name).median / cpus().length);
  return [
    {
      question: 'two replicas instead of one, clicks a second',
      bot: perSecond(figure(both, 'perSecond')),
      baseline: `one: ${perSecond(figure(single, 'perSecond'))}`,
      ratio: ratio(both, single, 'perSecond'),
      mustBe: { atLeast: 1.5 },
      note: `where cores allow: of this machine's ${cpus().length}, the two bots have ${share('bots')}, who clicks and plays Slack ${share('bench')}, the rest is PostgreSQL's and others'`,
    },
  ];
}
