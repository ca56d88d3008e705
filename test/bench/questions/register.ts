/**
 * How soon does /register open its form, with 1 to 64 people at once? Next to it: a bare Bolt app that acks and opens it, and
 * one that looks up the person's only application before, as the bot does.
 */

import { load, send } from '../load.ts';
import { startBare, startBot } from '../place.ts';
import type { Answer, Bench } from '../question.ts';
import { roundsOf } from '../question.ts';
import { command } from '../requests.ts';
import { figure, type Measured, ratio, rounds } from '../rounds.ts';
import { openStandIn, type StandIn } from '../stand-in.ts';
import { milliseconds, perSecond } from '../words.ts';

const levels = [1, 4, 16, 64];

export async function register({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  await using slack = await openStandIn();
  await using bot = await startBot(slack, await place.database());
  await using bare = await startBare(slack);
  const { url } = await place.database();
  await using looking = await startBare(slack, { DATABASE_URL: url });
  const answers: Answer[] = [];
  for (const inFlight of levels) {
    const commands = quick ? 64 : 1_000;
    const measured = await rounds(
      {
        bot: () => opens(slack, bot.port, commands, inFlight),
        bare: () => opens(slack, bare.port, commands, inFlight),
        looking: () => opens(slack, looking.port, commands, inFlight),
      },
      { count },
    );
    const ours = roundsOf(measured, 'bot');
    answers.push(
      ...compared(inFlight, ours, { name: 'bare Bolt', rounds: roundsOf(measured, 'bare') }),
      ...compared(inFlight, ours, { name: 'bare Bolt with the same lookup', rounds: roundsOf(measured, 'looking') }),
    );
  }
  return answers;
}

function compared(
  inFlight: number,
  ours: Measured[],
  { name, rounds }: { name: string; rounds: Measured[] },
): Answer[] {
  return [
    {
      question: `\`/register\` acknowledged and its form opened, ${inFlight} in flight`,
      bot: perSecond(figure(ours, 'perSecond')),
      baseline: `${name}: ${perSecond(figure(rounds, 'perSecond'))}`,
      ratio: ratio(ours, rounds, 'perSecond'),
      mustBe: { atLeast: 0.9 },
    },
    {
      question: 'the same, p99',
      bot: milliseconds(figure(ours, 'p99')),
      baseline: `${name}: ${milliseconds(figure(rounds, 'p99'))}`,
      ratio: ratio(ours, rounds, 'p99'),
      mustBe: { atMost: 1.25 },
    },
  ];
}

let triggers = 0;

/** A command is done when it is acknowledged and its form has arrived. */
export function opens(slack: StandIn, port: number, count: number, inFlight: number): Promise<Measured> {
  return load({ count, inFlight }, async () => {
    const trigger = `trigger-${triggers++}`;
    const opened = slack.arrival(trigger);
    await Promise.all([send(port, command('U0DANA', '/register', trigger, `${slack.url}/response/none`)), opened]);
  });
}
