/** How soon does /register open its form, with 1 to 64 people at once? Beside it, a bare Bolt app that acks and opens it. */

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
  const answers: Answer[] = [];
  for (const inFlight of levels) {
    const commands = quick ? 64 : Math.max(200, inFlight * 10);
    const measured = await rounds(
      {
        bot: () => opens(slack, bot.port, commands, inFlight),
        bare: () => opens(slack, bare.port, commands, inFlight),
      },
      { count },
    );
    answers.push(...compared(`${inFlight} in flight`, roundsOf(measured, 'bot'), roundsOf(measured, 'bare')));
  }
  return answers;
}

function compared(what: string, bot: Measured[], bare: Measured[]): Answer[] {
  const question = `\`/register\` acknowledged and its form opened, ${what}`;
  return [
    {
      question,
      bot: perSecond(figure(bot, 'perSecond')),
      baseline: `bare Bolt: ${perSecond(figure(bare, 'perSecond'))}`,
      ratio: ratio(bot, bare, 'perSecond'),
      mustBe: { atLeast: 0.9 },
    },
    {
      question: `the same, p99`,
      bot: milliseconds(figure(bot, 'p99')),
      baseline: `bare Bolt: ${milliseconds(figure(bare, 'p99'))}`,
      ratio: ratio(bot, bare, 'p99'),
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
