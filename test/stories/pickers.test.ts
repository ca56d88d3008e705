/** The pickers, over a catalog that is large and badly named. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modes } from '../support/bot.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

/** 500 services whose names hold markup and 150 characters. */
const names = Array.from({ length: 500 }, (_, index) =>
  `Zürich <${index}> & Söhne 🏦 `.padEnd(146, 'ab & <!channel> "x" '.slice(0, 19)).concat(`#${index}`).slice(0, 150),
);
const catalog = JSON.stringify({
  services: names.map((name, index) => ({
    slug: `svc-${index}`,
    name,
    description: `Paperwork of desk ${index}_${index}%`,
  })),
});

let scenario: Scenario;
beforeAll(async () => {
  scenario = await openScenario({ catalog });
});
afterAll(() => scenario[Symbol.asyncDispose]());

describe('500 services whose names hold &, < and > and 150 characters', () => {
  it('the first page needs no typing, and has at most 100 options, all valid', async () => {
    const { dana } = people(scenario);
    await dana.types('/register');
    expect(await dana.searches('Services')).toHaveLength(100);
    expect(scenario.workspace.protocolViolations).toEqual([]);
  });

  it.each([
    ['a part of the name', '<417> & S', 'Zürich <417> '],
    ['a part in another case', 'zÜRICH <42>', 'Zürich <42> '],
    ['the slug', 'svc-499', 'Zürich <499>'],
    ['a part of the description', 'desk 250_250%', 'Zürich <250>'],
    ['words in any order', 'söhne <77>', 'Zürich <77> '],
    ['a letter that its first word begins with', '<78> z', 'Zürich <78> '],
  ])('are found by %s', async (_, typed, found) => {
    const { dana } = people(scenario);
    const [first = '', ...others] = await dana.searches('Services', typed);
    expect(first).toContain(found);
    expect(first.length).toBeLessThanOrEqual(75);
    expect(others).toEqual([]);
  });

  it.each(['no such thing', '%', '_', "'; drop table services; --", '\\', '\0'])(
    'typing %j finds what holds it, and else nothing at once',
    async (typed) => {
      const { dana } = people(scenario);
      const found = await dana.searches('Services', typed);
      const holding = names.filter((_, index) => `desk ${index}_${index}%`.includes(typed));
      expect(found.length).toBe(typed === '\0' ? 100 : Math.min(holding.length, 100));
    },
  );

  it('can be requested, and their names arrive whole in the card and in the message, as text', async () => {
    const { dana, alex } = people(scenario);
    await dana.closes();
    await asks(dana, ['Zürich <417>'], 'A <b> & "c" *d*');
    const card = await alex.finds(/Zürich <417>/, { in: 'api-requests' });
    expect(card).toContain(String(names[417]));
    expect(card).toContain('for A <b> & "c" *d*\n');
    await alex.clicks('Approve', { in: 'api-requests' });
    expect(await dana.finds(/Approved/)).toContain(`Service  ${names[417]}\n`);
    expect(
      scenario.workspace
        .messages('api-requests')
        .map(({ text }) => text)
        .join(),
    ).not.toMatch(/<!|<\d/);
  });
});

describe.each(modes)('a service in the picker, over %s', (mode) => {
  const long = 'Nightly settlement files for accountants, '.repeat(4);
  const services = [
    { slug: 'closed', name: 'A closed API', description: 'Ledger of old', registration: 'disabled' },
    { slug: 'ledger', name: 'Ledger API', description: 'Double-entry\nbookkeeping' },
    { slug: 'money-1', name: 'Money API', description: `${long}with refunds and <chargebacks>, for every currency` },
    { slug: 'money-2', name: 'Money API' },
    { slug: 'plain', name: 'Plain API' },
    { slug: 'zebra', name: 'Zebra API', description: 'Stripes' },
  ];

  it('is described; the slug tells apart what has one name; disabled ones come last, and say so', async () => {
    await using scenario = await openScenario({ mode, catalog: JSON.stringify({ services }) });
    const { dana } = people(scenario);
    await dana.types('/register');
    expect(await dana.offers('Services')).toMatchInlineSnapshot(`
      [
        [
          "Ledger API",
          "Double-entry bookkeeping",
        ],
        [
          "Money API",
          "money-1 · Nightly settlement files for accountants, Nightly settlement fil…",
        ],
        [
          "Money API",
          "money-2",
        ],
        [
          "Plain API",
        ],
        [
          "Zebra API",
          "Stripes",
        ],
        [
          "A closed API (registration disabled)",
          "Ledger of old",
        ],
      ]
    `);
    // Found by its description, it shows what it was found by.
    expect(await dana.offers('Services', 'CHARGEBACKS')).toMatchInlineSnapshot(`
      [
        [
          "Money API",
          "…with refunds and <chargebacks>, for every currency",
        ],
      ]
    `);
    expect(await dana.offers('Services', 'ledger')).toMatchInlineSnapshot(`
      [
        [
          "Ledger API",
          "Double-entry bookkeeping",
        ],
        [
          "A closed API (registration disabled)",
          "Ledger of old",
        ],
      ]
    `);
    expect(scenario.workspace.protocolViolations).toEqual([]);
  });
});

describe('the applications', () => {
  it('of a user are offered to this user only; a name that matches none is offered as a new one', async () => {
    const { dana, sam } = people(scenario);
    await asks(dana, ['Zürich <1>'], 'Dana’s till');
    await sam.types('/register');
    expect(await sam.searches('Application')).toEqual([]);
    expect(await sam.searches('Application', 'till')).toEqual(['Create "till"']);
    await dana.types('/register');
    expect(await dana.searches('Application', 'till')).toEqual(['Create "till"', 'Dana’s till']);
    expect(await dana.searches('Application', ' DANA’s  TILL ')).toEqual(['Dana’s till']);
    expect(await dana.searches('Application', '\u202e x '.repeat(40))).toEqual([`Create "${'x '.repeat(30).trim()}"`]);
  });
});

it('a picker of /unregister shows both names and the status in 75 characters', async () => {
  const { dana } = people(scenario);
  for (const view of scenario.workspace.views(dana.id)) await scenario.workspace.close(dana.id, view.id);
  await asks(dana, ['Zürich <2>'], 'An application with a name that is as long as names can be!');
  await dana.closes();
  await dana.types('/unregister');
  const [shown = ''] = await dana.searches('Registration', 'as long as names');
  expect(shown).toMatch(/^Zürich <2> .*… — An application.*… \(pending\)$/);
  expect(shown.length).toBeLessThanOrEqual(75);
});
