/** Confusable names: invisible characters are stripped, mixed scripts are refused, wherever a name is given. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCatalog } from '../../src/catalog-file.ts';
import { normalizeName } from '../../src/domain/application.ts';
import { findMixedScript, stripInvisible } from '../../src/domain/names.ts';
import { stripControls } from '../../src/domain/text.ts';
import { person, seed } from '../local-slack/seed.ts';
import { openScenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const scenarios = sharedScenarios();

describe('a name that', () => {
  it.each([
    ['has a letter without width', 'Pay\u200bments', 'Payments'],
    ['has a joiner, a soft hyphen and a filler', 'P\u200da\u00ady\u3164ments\u2060', 'Payments'],
    ['has a variation selector or a grapheme joiner', 'Pay\ufe0fm\u034fents', 'Payments'],
    ['has tags that no one sees', 'Payments\u{e0041}\u{e0042}', 'Payments'],
    ['is turned around', '\u202estnemyaP\u202c', 'stnemyaP'],
    ['is isolated', '\u2067Payments\u2069', 'Payments'],
    ['has marks of direction', '\u200fPay\u061cments\u200e', 'Payments'],
    ['is wide', '\uff30\uff41\uff59\uff4d\uff45\uff4e\uff54\uff53', 'Payments'],
    ['is bold, or in circles', '\u{1d40f}\u{1d41a}\u{1d432} \u24b6\u24c5\u24be', 'Pay API'],
    ['has spaces of other kinds', 'Web\u3000Shop\u00a0\u2003API', 'Web Shop API'],
    ['is composed elsewise', 'Cafe\u0301', 'Café'],
    ['was kept apart by what no one sees', 'Cafe\u200d\u0301', 'Café'],
    ['is covered with marks', `Sh${'\u0335'.repeat(40)}op`, `Sh${'\u0335'.repeat(3)}op`],
    ['rings, or moves the cursor', 'Pay\u0007\u001b[2Jments', 'Pay [2Jments'],
    ['is Arabic, and stays so', 'متجر', 'متجر'],
    ['is Hebrew with its points', 'שָׁלוֹם', 'שָׁלוֹם'.normalize('NFKC')],
    ['is nothing but that', '\u200b\u202e\u3164', ''],
  ])('%s is kept as people see it', (_, typed, kept) => {
    expect(normalizeName(typed)).toBe(kept);
  });

  it.each([
    ['Pаyments', ['Latin', 'Cyrillic']],
    ['Web Ѕhop', ['Latin', 'Cyrillic']],
    ['Οrders', ['Latin', 'Greek']],
    ['Καfka', ['Latin', 'Greek']],
    ['ЅΗΟΡ', ['Cyrillic', 'Greek']],
    ['Search/Seаrch', ['Latin', 'Cyrillic']],
  ])('%s: is of two alphabets, and is refused', (name, alphabets) => {
    expect(findMixedScript(name)?.alphabets).toEqual(alphabets);
  });

  it.each([
    'Payments API',
    'Café Zürich',
    'Магазин',
    'API-шлюз',
    'Ωμέγα API',
    'µs-Timer',
    '10 kΩ',
    '東京 Shop',
    'متجر Web',
    'ΔSync',
  ])('%s is as people write, and stands', (name) => {
    expect(findMixedScript(normalizeName(name))).toBeUndefined();
  });

  const anything = fc.string({ unit: 'binary', maxLength: 80 });

  it('is any string has no invisible characters once normalized, and is the same when normalized again', () => {
    fc.assert(
      fc.property(anything, (typed) => {
        const name = normalizeName(typed);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|^\s|\s$|\s\s/u);
        expect(normalizeName(name)).toBe(name);
        expect(stripInvisible(name)).toBe(name);
      }),
    );
  });

  it('differs from an existing one only by invisible characters is the same name', () => {
    const unseen = fc.constantFrom(
      '\u200b',
      '\u200d',
      '\u00ad',
      '\u202e',
      '\u2066',
      '\ufe0f',
      '\u034f',
      '\ufeff',
      '\u180e',
    );
    fc.assert(
      fc.property(
        fc.constantFrom('Payments', 'Магазин', 'Web Shop', 'Café'),
        fc.array(unseen),
        fc.nat(8),
        (name, some, at) => {
          expect(normalizeName(name.slice(0, at) + some.join('') + name.slice(at))).toBe(name);
        },
      ),
    );
  });
});

it('a reason keeps its lines, but no control that acts on a terminal or changes the direction of text', () => {
  expect(stripControls('One\r\ntwo\tthree\u001b[31m\u009b2J\u0007\u202eabc\u2066\0')).toBe('One\ntwo\tthree[31m2Jabc');
  expect(stripControls('שלום, world \u200f!')).toBe('שלום, world \u200f!');
});

it('the catalog file names the line of a service whose name mixes scripts, and is read without invisible characters', () => {
  const read = (name: string) =>
    parseCatalog('catalog.yaml', `services:\n  - slug: pay\n    name: ${JSON.stringify(name)}\n`);
  expect(read('Pаyments')).toEqual({
    ok: false,
    mistakes: [
      'catalog.yaml:3: services[0].name: expected a name whose words are each of one alphabet: Latin, Cyrillic or Greek',
    ],
  });
  expect(read('Pay\u200bm\u202eents\n')).toMatchObject({ ok: true, services: [{ name: 'Payments' }] });
});

it('a form with such a name is refused on the field, and can be corrected there', async () => {
  await using scenario = await scenarios.open();
  const { dana, sam, alex } = people(scenario);
  const refused =
    '“Pаyments” has letters of different alphabets, Latin and Cyrillic, and could pass for another name. Type the word in one alphabet.';

  await asks(dana, ['Payments API'], 'Payments');
  await dana.closes();
  expect(await asks(sam, ['Payments API'], 'Pаyments')).toEqual({ errors: { Application: refused } });
  await sam.closes();
  // Without invisible characters it is the same name, which is taken.
  await sam.types('/register payments');
  expect(await sam.searches('Application', '\u202eＰay\u200bments')).toEqual(['“Payments” is taken']);
  await sam.picks('Application', 'Payments');
  await sam.fills('Reason', 'Because');
  expect(await sam.submits()).toEqual({
    errors: { Application: '“Payments” belongs to @Dana Reyes. Ask to be made a co-owner, or choose another name.' },
  });
  await sam.picks('Application', 'Kiosk');
  expect(await sam.submits()).toHaveProperty('view');
  await sam.closes();

  await sam.opensHome();
  await sam.finds(/Kiosk/, { in: 'home' });
  await sam.clicks('Rename', { in: 'home' });
  await sam.fills('Name', 'Pаyments');
  expect(await sam.submits()).toEqual({ errors: { Name: refused } });
  await sam.closes();
  await sam.clicks('New application', { in: 'home' });
  await sam.fills('Name', 'Pаyments');
  expect(await sam.submits()).toEqual({ errors: { Name: refused } });

  await alex.opensHome();
  await alex.clicks('Add a service', { in: 'home' });
  await alex.fills('Name', 'Pаyments');
  await alex.fills('Slug', 'payments-2');
  expect(await alex.submits()).toEqual({ errors: { Name: refused } });
  expect(await scenario.database.sql`select name from applications order by id`).toEqual([
    { name: 'Payments' },
    { name: 'Kiosk' },
  ]);
});

it('a reminder shows names without invisible characters', async () => {
  const members = [person('mallory', { realName: 'A\u200blex\u202e Novak' })];
  const env = { REMINDER_SCHEDULE: '* * * * * *', REMIND_AFTER: '1s' };
  await using scenario = await openScenario({ seed: seed({ members }), env });
  const { alex } = people(scenario);
  await asks(scenario.workspace.person('mallory'), ['Payments API'], 'Shop');
  await alex.finds(/waiting for a decision[\s\S]*Alex Novak/, { in: 'api-requests' });
});
