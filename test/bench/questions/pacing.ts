/**
 * 300 requests into one channel of which Slack takes a message a second: when are they all there, how often does Slack have
 * to refuse one, and what is a click's answer worth meanwhile? Against the local workspace with Slack's limits in force.
 * Five minutes, of which the bot works a few seconds: what else has to be prepared is prepared meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { maxServicesPerForm } from '../../../src/domain/request.ts';
import { person, seed } from '../../local-slack/seed.ts';
import { openWorkspace } from '../../local-slack/workspace.ts';
import { addServices, fillPending } from '../clicks.ts';
import { load, send } from '../load.ts';
import { startBot } from '../place.ts';
import type { Answer, Bench } from '../question.ts';
import { click, form } from '../requests.ts';
import { median, spread } from '../statistics.ts';
import { milliseconds, percent } from '../words.ts';

/** Who asks: no one may have more than twenty requests pending. */
const crew = Array.from({ length: 30 }, (_, index) => person(`crew${index}`));

/** How many services are requested in each form: it brings the requester one message, and the channel a card for each. */
const servicesInForm = maxServicesPerForm;

export async function pacing({ place, quick }: Bench, calm: () => void = () => {}): Promise<Answer[]> {
  const people = quick ? crew.slice(0, 1) : crew;
  const requests = people.length * servicesInForm;
  const clicks = quick ? 5 : 40;
  await using slack = await openWorkspace({ rateLimits: true, seed: seed({ members: crew }) });
  const database = await place.database();
  const [waiting] = await fillPending(database, 1);
  const services = await addServices(database, servicesInForm);
  await using bot = await startBot(slack, database);

  const answered = new Map<string, (at: number) => void>();
  slack.mount((request, response) => {
    const [, area, key = ''] = (request.url ?? '').split('/');
    if (area !== 'answer') return false;
    answered.get(key)?.(performance.now());
    response.end('ok');
    return true;
  });
  // Lee may not decide, and is told so: the row is read, Slack's answer of who decides is looked at, the word is sent.
  const oneClick = async (index: number): Promise<number> => {
    const key = `answer-${index}`;
    const told = new Promise<number>((resolve) => answered.set(key, resolve));
    const began = performance.now();
    await send(bot.port, click('U0LEE', 'approve', `${waiting}@1`, `${slack.url}/answer/${key}`));
    return (await told) - began;
  };
  let index = 0;
  const clicking = async (): Promise<number[]> => {
    const took: number[] = [];
    for (let count = 0; count < clicks; count += 1) {
      took.push(await oneClick(index++));
      await pause(250);
    }
    return took;
  };

  await clicking();
  const idle = await clicking();
  const began = performance.now();
  const there = slack.until(() => slack.messages('api-requests').length >= requests, {
    within: requests * 2_000 + 60_000,
  });
  const last = there.then(() => (performance.now() - began) / 1000);
  await load({ count: people.length, inFlight: 8 }, (one) =>
    send(bot.port, form(people[one]?.id ?? '', `V0${one}`, services, `Application ${one}`)),
  );
  const busy = await clicking();
  calm();
  const seconds = await last;
  const refused = slack.calls.filter(({ status }) => status === 429).length;
  const share = refused / slack.calls.length;
  const twice = slack.messages('api-requests').length - requests;
  const idleFigure = { median: median(idle), spread: spread(idle) };
  const busyFigure = { median: median(busy), spread: spread(busy) };
  return [
    {
      question: `${requests} requests into one channel that takes a message a second: all there`,
      bot: `${seconds.toFixed(0)} s`,
      baseline: `the limit: ${requests} s`,
      ratio: { median: seconds / requests, spread: 0 },
      mustBe: { atMost: 1.1 },
      note: twice === 0 ? 'each card once' : `${twice} cards more than once`,
    },
    {
      question: 'calls that Slack answered with 429 meanwhile',
      bot: `${refused} of ${slack.calls.length}`,
      baseline: 'all calls',
      ratio: { median: share, spread: 0 },
      mustBe: { atMost: 0.03 },
      note: percent(share),
    },
    {
      question: "a click's answer meanwhile",
      bot: milliseconds(busyFigure),
      baseline: `idle: ${milliseconds(idleFigure)}`,
      ratio: { median: busyFigure.median / idleFigure.median, spread: busyFigure.spread },
      mustBe: { atMost: 2 },
    },
  ];
}
