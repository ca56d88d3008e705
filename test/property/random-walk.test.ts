/** Random people do random things, and after each step the database, the cards and what people were told are what the rules say. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { channel, seed } from '../local-slack/seed.ts';
import { openScenario } from '../support/scenario.ts';
import { step, Walker } from './random-walk/walker.ts';

const services = [
  { name: 'Payments API', approvers: [], auto: false },
  { name: 'Ledger API', approvers: ['U0PRIYA', 'U0LEE'], auto: false },
  { name: 'Search API', approvers: [], auto: true },
];

const catalog = `services:
  - { slug: payments, name: Payments API }
  - { slug: ledger, name: Ledger API, approvers: [U0PRIYA, U0LEE] }
  - { slug: search, name: Search API, approval: auto }
`;

/** The approval channel is open: everybody sees the cards, and may try. */
function town() {
  const usual = seed();
  const open = channel('C0REQUESTS', 'api-requests', ['U0ALEX', 'U0PRIYA', usual.app.botUser]);
  return { ...usual, channels: usual.channels.map((one) => (one.id === open.id ? open : one)) };
}

/** A walk that failed is walked again with WALK_SEED; a longer one is WALK_STEPS. */
const at = Number(process.env.WALK_SEED ?? Date.now() % 2 ** 31);
const length = Number(process.env.WALK_STEPS ?? 100);

it(`walks ${length} random steps (WALK_SEED=${at}), and agrees with the rules after each`, async () => {
  await using scenario = await openScenario({ catalog, seed: town() });
  const walker = new Walker(scenario, services);
  const steps = fc.sample(fc.array(step, { minLength: length * 3, maxLength: length * 3 }), {
    seed: at,
    numRuns: 1,
  })[0];
  let taken = 0;
  try {
    for (const one of steps ?? []) {
      if (taken === length) break;
      if (!(await walker.takes(one))) continue;
      taken += 1;
      await walker.agrees();
    }
  } catch (error) {
    throw new Error(`after these steps:\n${walker.path.join('\n')}`, { cause: error });
  }
  expect(taken).toBe(length);
});
