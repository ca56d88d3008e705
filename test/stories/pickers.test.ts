/** The pickers, over a catalog that is large and badly named. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storyModes } from '../support/bot.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
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

describe.each(storyModes)('a service in the picker, over %s', (mode) => {
  const long = 'Nightly settlement files for accountants, '.repeat(4);
  const services = [
    { slug: 'closed', name: 'A closed API', description: 'Ledger of old', registration: 'disabled' },
    { slug: 'ledger', name: 'Ledger API', description: 'Double-entry\nbookkeeping' },
    { slug: 'money-1', name: 'Money API', description: `${long}with refunds and <chargebacks>, for every currency` },
    { slug: 'money-2', name: 'Money API' },
    { slug: 'plain', name: 'Plain API' },
    { slug: 'zebra', name: 'Zebra API', description: 'Stripes' },
  ];

  it('whose name begins with what was typed comes first, also where a sign or the last of all characters follows', async () => {
    const names = ['Repay API', 'Pay_roll', 'Pay\u{10fffd}', 'Pay 100%', 'Paz API', 'PAY'];
    const slugs = names.map((name, index) => ({ slug: `svc-${index}`, name }));
    await using scenario = await openScenario({ mode, catalog: JSON.stringify({ services: slugs }) });
    const { dana } = people(scenario);
    await dana.types('/register');
    expect(await dana.searches('Services', 'pay')).toEqual([
      'PAY',
      'Pay 100%',
      'Pay_roll',
      'Pay\u{10fffd}',
      'Repay API',
    ]);
    expect(await dana.searches('Services', 'pay_')).toEqual(['Pay_roll']);
    expect(await dana.searches('Services', 'pay 100%')).toEqual(['Pay 100%']);
  });

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

describe.each(storyModes)('the application of a request, over %s', (mode) => {
  it('is offered under a name of the person’s, and preselected once there is one', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam } = people(scenario);
    await dana.types('/register');
    await dana.finds(/Type any other name to create an application/, { in: 'modal' });
    expect(await dana.offers('Application')).toEqual([['Create "Dana’s app"']]);
    await dana.closes();
    // That name is taken, and the next one too.
    await asks(sam, ['Ledger API'], 'dana’s APP');
    await sam.closes();
    await asks(sam, ['Ledger API'], 'Dana Reyes’s app');
    await sam.closes();
    await dana.types('/register');
    expect(await dana.offers('Application')).toEqual([['Create "Dana’s app 2"']]);
    await dana.picks('Services', 'Payments API');
    await dana.picks('Application', '');
    await dana.fills('Reason', 'To try it');
    expect(await dana.submits()).toHaveProperty('view');
    await dana.closes();

    await dana.types('/register ledger');
    await dana.finds(/Services: Ledger API\nApplication: Dana’s app 2\n/, { in: 'modal' });
    await dana.closes();
    await dana.opensHome();
    await dana.clicks('Register', { in: 'home' });
    await dana.finds(/Application: Dana’s app 2\n/, { in: 'modal' });
    await dana.closes();
    await asks(dana, ['Payments API'], 'Another');
    await dana.closes();
    await dana.types('/register');
    await dana.finds(/Register an application/, { in: 'modal' });
    expect(dana.reads).toMatch(/Application: ‹Choose one/);
  });

  it('cannot have a name that is too long, mixed or taken: that is said while it is chosen', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam } = people(scenario);
    await asks(sam, ['Ledger API'], 'Web Shop');
    await dana.types('/register');
    expect(await dana.offers('Application', 'web shop')).toEqual([
      ['“web shop” is taken', 'Sam Okafor can make you a co-owner.'],
    ]);
    expect(await dana.offers('Application', 'Pаyments')).toEqual([
      ['“Pаyments” mixes alphabets', 'It could pass for another name: type each word in one alphabet.'],
    ]);
    expect(await dana.offers('Application', 'x'.repeat(61))).toEqual([['Too long: a name has at most 60 characters']]);
    // Chosen all the same, it is refused on the field.
    await dana.picks('Services', 'Payments API');
    await dana.fills('Reason', 'To try it');
    for (const [typed, why] of [
      ['web shop', /belongs to @?Sam Okafor/],
      ['Pаyments', /alphabets/],
    ] as const) {
      await dana.picks('Application', typed);
      expect(await dana.submits()).toEqual({ errors: { Application: expect.stringMatching(why) } });
    }
  });
});

describe('the applications', () => {
  it('of a user are offered to this user only; a name that matches none is offered as a new one', async () => {
    const { dana, sam } = people(scenario);
    await asks(dana, ['Zürich <1>'], 'Dana’s till');
    await sam.types('/register');
    expect(await sam.searches('Application')).toEqual(['Create "Sam’s app"']);
    expect(await sam.searches('Application', 'till')).toEqual(['Create "till"']);
    await dana.types('/register');
    expect(await dana.searches('Application', 'till')).toEqual(['Create "till"', 'Dana’s till']);
    expect(await dana.searches('Application', ' DANA’s  TILL ')).toEqual(['Dana’s till']);
    expect(await dana.searches('Application', '\u202e x '.repeat(40))).toEqual([
      'Too long: a name has at most 60 characters',
    ]);
    const longest = 'x '.repeat(30).trim();
    expect(await dana.searches('Application', `\u202e ${longest} `)).toEqual([`Create "${longest}"`]);
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
