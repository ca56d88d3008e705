/** Does a keystroke in the service picker stay as quick with 100,000 services as with 100? And compared with `ILIKE '%…%'`? */
import { servicesPicker } from '../../../src/views/registration/register-modal.ts';
import { fillCatalog } from '../fill.ts';
import { load, send } from '../load.ts';
import { type Measurable, startBare, startBot } from '../place.ts';
import { type Answer, type Bench, roundsOf } from '../question.ts';
import { keystroke } from '../requests.ts';
import { figure, ratio, rounds } from '../rounds.ts';
import { openStandIn } from '../stand-in.ts';
import { milliseconds } from '../words.ts';

/** What people type, letter by letter: a name, a word in the middle, a number, two words, and what there is not. */
const typed = ['payments api', 'gateway 17', 'search', 'for team 12', 'reports', 'events stock', '4711', 'zz', 'qqq'];
const keystrokes = ['', ...typed.flatMap((text) => [...text].map((_, end) => text.slice(0, end + 1)))];

export async function picker({ place, rounds: count, quick }: Bench): Promise<Answer[]> {
  const [few, many] = quick ? [100, 2_000] : [100, 100_000];
  await using slack = await openStandIn();
  const small = await place.database();
  const large = await place.database();
  await fillCatalog(small, few);
  await fillCatalog(large, many);
  await using atMany = await startBot(slack, large);
  await using atFew = await startBot(slack, small);
  await using ilike = await startBare(slack, { DATABASE_URL: large.url });
  const types =
    ({ port }: Measurable, some: string[], again: number) =>
    () =>
      load({ count: some.length * again, inFlight: 1 }, (index) =>
        send(port, keystroke('U0DANA', servicesPicker, some[index % some.length] ?? '')),
      );
  const measured = await rounds(
    {
      many: types(atMany, keystrokes, 3),
      few: types(atFew, keystrokes, 3),
      // One of them takes long enough.
      ilike: types(
        ilike,
        keystrokes.filter((_, index) => index % 6 === 2),
        1,
      ),
    },
    { count },
  );
  const [big, little, scan] = [roundsOf(measured, 'many'), roundsOf(measured, 'few'), roundsOf(measured, 'ilike')];
  const p99 = milliseconds(figure(big, 'p99'));
  return [
    {
      question: `picker keystroke with ${many.toLocaleString('en')} services, p99`,
      bot: p99,
      baseline: `${few} services: ${milliseconds(figure(little, 'p99'))}`,
      ratio: ratio(big, little, 'p99'),
      mustBe: { atMost: 2 },
    },
    {
      question: 'the same',
      bot: p99,
      baseline: `ILIKE over the table: ${milliseconds(figure(scan, 'p99'))}`,
      ratio: ratio(big, scan, 'p99'),
      mustBe: { atMost: 1 / 20 },
      note: `typical keystroke: ${milliseconds(figure(big, 'p50'))}, by ILIKE ${milliseconds(figure(scan, 'p50'))}`,
    },
  ];
}
