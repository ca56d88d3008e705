/**
 * How soon after the form is sent does Slack have the card? Baseline: the same commit with the same card posted directly
 * after it, without an outbox; and with an outbox that is looked at every second. Against the local workspace.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { person, seed } from '../../local-slack/seed.ts';
import { openWorkspace, type Workspace } from '../../local-slack/workspace.ts';
import { addService, service } from '../clicks.ts';
import { send } from '../load.ts';
import { type Measurable, startBare, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { form } from '../requests.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { median } from '../statistics.ts';
import { milliseconds } from '../words.ts';

/** No one may have many requests pending, so that they ask in turn. */
const crew = Array.from({ length: 60 }, (_, index) => person(`crew${index}`));

export async function card({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const forms = quick ? 5 : 20;
  await using slack = await openWorkspace({ seed: seed({ members: crew }) });
  const databases = [await place.database(), await place.database(), await place.database()] as const;
  for (const database of databases) await addService(database);
  await using bot = await startBot(slack, databases[0]);
  await using direct = await startBare(slack, { DATABASE_URL: databases[1].url });
  await using polling = await startBare(slack, { DATABASE_URL: databases[2].url, POLL: '1000' });
  const arrival = arrivals(slack);

  let sent = 0;
  const one = async ({ port }: Measurable) => {
    const name = `App ${sent}`;
    const by = crew[sent++ % crew.length]?.id ?? '';
    const began = performance.now();
    const arrived = arrival(`${name}.`);
    await send(port, form(by, `V${name}`, [service], `${name}.`));
    return (await arrived) - began;
  };
  const inTurn = (target: Measurable) => async () => {
    const took: number[] = [];
    for (let index = 0; index < forms; index += 1) took.push(await one(target));
    return { took: median(took) };
  };
  const spreadOut = (target: Measurable) => async () => {
    // Over a second, so that they fall anywhere between two looks.
    const all = Array.from({ length: 10 }, async (_, index) => {
      await pause(index * 100);
      return one(target);
    });
    return { took: median(await Promise.all(all)) };
  };
  const measured = await rounds({ bot: inTurn(bot), direct: inTurn(direct), polling: spreadOut(polling) }, { count });
  const [ours, straight, polled] = [
    roundsOf(measured, 'bot'),
    roundsOf(measured, 'direct'),
    roundsOf(measured, 'polling'),
  ];
  const bots = milliseconds(figure(ours, 'took'));
  return [
    {
      question: 'form submitted to card received by Slack, median',
      bot: bots,
      baseline: `posted directly after the commit: ${milliseconds(figure(straight, 'took'))}`,
      ratio: ratio(ours, straight, 'took'),
      mustBe: { atMost: 2.5 },
    },
    {
      question: 'the same',
      bot: bots,
      baseline: `an outbox polled every second: ${milliseconds(figure(polled, 'took'))}`,
      ratio: ratio(ours, polled, 'took'),
      mustBe: { atMost: 0.1 },
    },
  ];
}

/** When a card that names this application stands in the channel. */
function arrivals(workspace: Workspace): (name: string) => Promise<number> {
  const awaited = new Map<string, (at: number) => void>();
  let seen = 0;
  workspace.onChange(() => {
    const messages = workspace.messages('api-requests');
    for (const { text } of messages.slice(seen)) {
      const name = [...awaited.keys()].find((key) => text.includes(key));
      if (name) awaited.get(name)?.(performance.now());
      if (name) awaited.delete(name);
    }
    seen = messages.length;
  });
  return (name) => new Promise((resolve) => awaited.set(name, resolve));
}
