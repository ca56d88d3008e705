/** The catalog file: what it says, and where it is wrong. */
import { describe, expect, it } from 'vitest';
import { parseCatalog, readCatalog } from '../../src/catalog-file.ts';

const mistakes = (text: string) => {
  const file = parseCatalog('catalog.yaml', text);
  return file.ok ? [] : file.mistakes;
};

it('is read with its defaults', () => {
  const text = `services:
  - slug: payments
    name: Payments API
    docs: https://docs.example.com/payments
    registration: disabled
    approval: auto
    channel: C0PAYMENTS
    approvers: [U0ALEX, S0PAY]
  - slug: ledger
    name: Ledger API
`;
  expect(parseCatalog('catalog.yaml', text)).toEqual({
    ok: true,
    services: [
      {
        slug: 'payments',
        name: 'Payments API',
        description: '',
        docs: 'https://docs.example.com/payments',
        registrationEnabled: false,
        autoApprove: true,
        channel: 'C0PAYMENTS',
        approvers: ['U0ALEX', 'S0PAY'],
      },
      {
        slug: 'ledger',
        name: 'Ledger API',
        description: '',
        docs: null,
        registrationEnabled: true,
        autoApprove: false,
        channel: null,
        approvers: [],
      },
    ],
  });
});

describe('a mistake names file, line and field', () => {
  it.each([
    ['services:\n  - slug: a\n', 'catalog.yaml:2: services[0].name: '],
    ['services:\n  - slug: A B\n    name: A\n', 'catalog.yaml:2: services[0].slug: '],
    ['services:\n  - slug: a\n    name: A\n    colour: red\n', 'catalog.yaml:4: services[0].colour: no such field'],
    ['services:\n  - slug: a\n    name: A\n    docs: javascript:alert(1)\n', 'catalog.yaml:4: services[0].docs: '],
    ['services:\n  - slug: a\n    name: A\n    approval: sometimes\n', 'catalog.yaml:4: services[0].approval: '],
    ['services:\n  - slug: a\n    name: A\n    registration: yes\n', 'catalog.yaml:4: services[0].registration: '],
    ['services:\n  - slug: a\n    name: A\n    channel: "#pay"\n', 'catalog.yaml:4: services[0].channel: '],
    [
      'services:\n  - slug: a\n    name: A\n    approvers:\n      - U0ALEX\n      - alex\n',
      'catalog.yaml:6: services[0].approvers[1]: ',
    ],
    ['services:\n  - slug: a\n    name: A\n  - slug: a\n    name: B\n', 'catalog.yaml:4: services[1].slug: '],
    ['services:\n  - slug: a\n   name: A\n', 'catalog.yaml:3: not valid YAML'],
    ['services:\n  - slug: a\n    name: "A\\0b"\n', 'catalog.yaml:3: services[0].name: '],
    ['services:\n  - slug: a\n    name: *nobody\n', 'catalog.yaml: not valid YAML'],
    ['', 'catalog.yaml:1: '],
    ['servces: []\n', 'catalog.yaml:1: '],
  ])('%j', (text, expected) => {
    const found = mistakes(text);
    expect(
      found.some((line) => line.startsWith(expected)),
      found.join('\n'),
    ).toBe(true);
  });

  it('and all of them are told at once', () => {
    expect(mistakes('services:\n  - slug: A\n  - name: B\n').length).toBeGreaterThanOrEqual(3);
  });

  it('also where the file is not there', async () => {
    const file = await readCatalog('/nowhere/catalog.yaml');
    expect(file.ok ? [] : file.mistakes).toEqual([
      '/nowhere/catalog.yaml: the file cannot be read (ENOENT); CATALOG_FILE names it',
    ]);
  });
});
