/** Does what a person reads stay as quick among a million registrations as among ten thousand? */
import { registrationPicker } from '../../../src/views/registration/unregister-modal.ts';
import { mine } from '../fill.ts';
import { load, send } from '../load.ts';
import { type Measurable, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { command, homeOpened, keystroke } from '../requests.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn, type StandIn } from '../stand-in.ts';
import { milliseconds } from '../words.ts';
import { years } from '../years.ts';

type Act = (slack: StandIn, bot: Measurable) => Promise<unknown>;

let answers = 0;

const acts: [string, Act][] = [
  [
    '`/registrations` of one person',
    (slack, { port }) => {
      const key = `answer-${answers++}`;
      const told = slack.arrival(key);
      return Promise.all([
        told,
        send(port, command(mine.owner, '/registrations', 'T1', `${slack.url}/response/${key}`)),
      ]);
    },
  ],
  ['Home of one person', looksAtHome(mine.owner)],
  ['`/unregister` picker of one person', (_, { port }) => send(port, keystroke(mine.owner, registrationPicker, 'pay'))],
  ["the approver's queue, in Home", looksAtHome('U0ALEX')],
];

function looksAtHome(person: string): Act {
  return (slack, { port }) => {
    const drawn = slack.arrival(person);
    return Promise.all([drawn, send(port, homeOpened(person))]);
  };
}

export async function lists(bench: Bench): Promise<Answer[]> {
  const { few, many, small, large } = await years(bench);
  await using slack = await openStandIn();
  await using atMany = await startBot(slack, large);
  await using atFew = await startBot(slack, small);
  const found: Answer[] = [];
  for (const [what, act] of acts) {
    const at = (bot: Measurable) => () => load({ count: bench.quick ? 5 : 25, inFlight: 1 }, () => act(slack, bot));
    const measured = await rounds({ many: at(atMany), few: at(atFew) }, { count: bench.rounds });
    const [big, little] = [roundsOf(measured, 'many'), roundsOf(measured, 'few')];
    found.push({
      question: `${what}, among ${many.toLocaleString('en')} registrations`,
      bot: milliseconds(figure(big, 'p50')),
      baseline: `among ${few.toLocaleString('en')}: ${milliseconds(figure(little, 'p50'))}`,
      ratio: ratio(big, little, 'p50'),
      mustBe: { atMost: 1.3 },
    });
  }
  return found;
}
