/** Does memory stay where it is? At rest after a warm-up, and at rest after 100,000 commands. */
import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf, startBot } from '../place.ts';
import type { Answer, Bench } from '../question.ts';
import { openStandIn } from '../stand-in.ts';
import { megabytes } from '../words.ts';
import { opens } from './register.ts';

/** Rest: long enough for what is left over to be collected, in milliseconds. */
const rest = 3_000;

export async function memory({ place, quick }: Bench): Promise<Answer[]> {
  const commands = quick ? 3_000 : 100_000;
  await using slack = await openStandIn();
  await using bot = await startBot(slack, await place.database());
  await opens(slack, bot.port, commands / 10, 32);
  await pause(rest);
  const before = await memoryOf(bot);
  await opens(slack, bot.port, commands, 32);
  await pause(rest);
  const after = await memoryOf(bot);
  return [
    {
      question: `memory at rest after ${commands.toLocaleString('en')} commands`,
      bot: megabytes(after),
      baseline: `itself before, after ${(commands / 10).toLocaleString('en')}: ${megabytes(before)}`,
      ratio: { median: after / before, spread: 0 },
      mustBe: { atMost: 1.1 },
    },
  ];
}
