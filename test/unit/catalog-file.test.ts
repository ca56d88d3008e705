/** The catalog file: what it says, and where it is wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
        access: null,
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
        access: null,
      },
    ],
    gateways: [],
  });
});

describe('gateways', () => {
  const edge = '  - { name: edge, kind: kong, url: "https://kong.internal:8444" }\n';
  const service = (access: string) => `services:\n  - slug: a\n    name: A\n    access: ${access}\n`;

  it('and the access that services have there', () => {
    const file = parseCatalog(
      'catalog.yaml',
      `${service('{ gateway: edge, group: payments, credential: key }')}gateways:\n${edge}`,
    );
    expect(file).toMatchObject({
      ok: true,
      services: [{ access: { gateway: 'edge', group: 'payments', credential: 'key' } }],
      gateways: [{ name: 'edge', kind: 'kong', url: 'https://kong.internal:8444', header: 'apikey' }],
    });
  });

  it('access: remove is no access', () => {
    expect(parseCatalog('catalog.yaml', service('remove'))).toMatchObject({ ok: true, services: [{ access: null }] });
  });

  it.each(['http://127.0.0.1:8001', 'http://localhost:8001', 'http://[::1]:8001'])('%s stays on this machine', (url) =>
    expect(mistakes(`services: []\ngateways:\n  - { name: edge, kind: kong, url: "${url}" }\n`)).toEqual([]),
  );

  it('a host that the operator names may be spoken to without encryption', () => {
    const at = (host: string) =>
      mistakes(
        `services: []\ngateways:\n  - { name: edge, kind: webhook, url: "http://${host}:80/x", allowHttp: hooks.internal }\n`,
      );
    expect(at('hooks.internal')).toEqual([]);
    expect(at('other.internal')).toHaveLength(1);
  });

  it.each([
    ['services: []\ngateways:\n  - { name: E, kind: kong, url: "https://k" }\n', 'catalog.yaml:3: gateways[0].name: '],
    [
      'services: []\ngateways:\n  - { name: e, kind: nginx, url: "https://k" }\n',
      'catalog.yaml:3: gateways[0].kind: expected kong, konnect or webhook',
    ],
    [
      'services: []\ngateways:\n  - { name: e, kind: kong, url: "http://k" }\n',
      'catalog.yaml:3: gateways[0].url: expected an address that begins with https://',
    ],
    ['services: []\ngateways:\n  - { name: e, kind: webhook, url: "http://k" }\n', 'catalog.yaml:3: gateways[0].url: '],
    ['services:\n  - { slug: a, name: A, docs: "ftp://d.example" }\n', 'catalog.yaml:2: services[0].docs: '],
    [
      'services: []\ngateways:\n  - { name: e, kind: kong, url: "https://u:p@k" }\n',
      'catalog.yaml:3: gateways[0].url: ',
    ],
    ['services: []\ngateways:\n  - { name: e, kind: kong, url: kong }\n', 'catalog.yaml:3: gateways[0].url: '],
    [
      'services: []\ngateways:\n  - { name: e, kind: kong, url: "https://k", token: x }\n',
      'catalog.yaml:3: gateways[0].token: no such field',
    ],
    [`services: []\ngateways:\n${edge}${edge}`, 'catalog.yaml:4: gateways[1].name: expected a name of its own'],
    [
      service('{ gateway: edge, group: a }'),
      'catalog.yaml:4: services[0].access.gateway: expected a name of those in gateways: none yet',
    ],
    [
      `${service('{ gateway: west, group: a }')}gateways:\n${edge}`,
      'catalog.yaml:4: services[0].access.gateway: expected a name of those in gateways: edge',
    ],
    [`${service('{ gateway: edge, group: "a b" }')}gateways:\n${edge}`, 'catalog.yaml:4: services[0].access.group: '],
    [`${service('{ gateway: edge }')}gateways:\n${edge}`, 'catalog.yaml:4: services[0].access.group: '],
    [
      `${service('{ gateway: edge, group: a, credential: oauth }')}gateways:\n${edge}`,
      'catalog.yaml:4: services[0].access.credential: expected key or none',
    ],
    [
      `${service('{ gateway: h, group: a, credential: key }')}gateways:\n  - { name: h, kind: webhook, url: "https://h" }\n`,
      'catalog.yaml:4: services[0].access.credential: expected none',
    ],
  ])('%j', (text, expected) => {
    const found = mistakes(text);
    expect(
      found.some((line) => line.startsWith(expected)),
      found.join('\n'),
    ).toBe(true);
  });
});

describe('a mistake names file, line and field', () => {
  it.each([
    ['services:\n  - slug: a\n', 'catalog.yaml:2: services[0].name: is missing: expected '],
    ['services:\n  - slug: A B\n    name: A\n', 'catalog.yaml:2: services[0].slug: '],
    ['services:\n  - slug: a\n    name: A\n    colour: red\n', 'catalog.yaml:4: services[0].colour: no such field'],
    [
      'services:\n  - slug: a\n    name: A\n    aprovers: []\n',
      'catalog.yaml:4: services[0].aprovers: no such field; did you mean approvers?',
    ],
    ['services: []\ngatewys: []\n', 'catalog.yaml:2: gatewys: no such field; did you mean gateways?'],
    [
      'services:\n  - slug: a\n    name: A\n    access: { gateway: e, groop: a }\n',
      'catalog.yaml:4: services[0].access.groop: no such field; did you mean group?',
    ],
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

  it('and all of them are reported at once', () => {
    expect(mistakes('services:\n  - slug: A\n  - name: B\n').length).toBeGreaterThanOrEqual(3);
  });

  it('also where the file does not exist', async () => {
    const file = await readCatalog('/nowhere/catalog.yaml');
    expect(file.ok ? [] : file.mistakes).toEqual([
      '/nowhere/catalog.yaml: the file cannot be read (ENOENT); CATALOG_FILE names it',
    ]);
  });
});

it.each([
  ['Latin-1', Buffer.from('services:\n  - { slug: shop, name: Gesch\xe4ft }\n', 'latin1')],
  ['UTF-16, with a mark', Buffer.from('\ufeffservices: []\n', 'utf16le')],
  ['UTF-16, big end first', Buffer.from('\ufeffservices: []\n', 'utf16le').swap16()],
  ['UTF-16, without a mark', Buffer.from('services: []\n', 'utf16le')],
])('a file in %s is refused whole', async (_, content) => {
  const folder = await mkdtemp(join(tmpdir(), 'registrar-catalog-'));
  const path = join(folder, 'catalog.yaml');
  await writeFile(path, content);
  expect(await readCatalog(path)).toEqual({
    ok: false,
    mistakes: [`${path}: the file is not UTF-8; save it as UTF-8`],
  });
  await rm(folder, { recursive: true });
});

describe('tokens of gateways', () => {
  const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
  const file = async (tokens: Record<string, string>, kind = 'kong') => {
    const folder = await mkdtemp(join(tmpdir(), 'registrar-catalog-'));
    const path = join(folder, 'catalog.yaml');
    await writeFile(path, `services: []\ngateways:\n  - { name: edge-eu, kind: ${kind}, url: "https://k" }\n`);
    const read = await readCatalog(path, new Map(Object.entries(tokens)));
    await rm(folder, { recursive: true });
    return read.ok ? read.gateways : read.mistakes;
  };

  it('come from the environment, by the name of the gateway', async () => {
    expect(await file({ GATEWAY_EDGE_EU_TOKEN: 'secret' })).toMatchObject([{ name: 'edge-eu', token: 'secret' }]);
    expect(await file({})).toMatchObject([{ name: 'edge-eu', token: undefined }]);
    expect(await file({ GATEWAY_EDGE_EU_TOKEN: secret }, 'webhook')).toMatchObject([{ token: secret }]);
  });

  it.each([
    ['konnect', {}, 'GATEWAY_EDGE_EU_TOKEN: '],
    ['webhook', {}, 'GATEWAY_EDGE_EU_TOKEN: '],
    ['webhook', { GATEWAY_EDGE_EU_TOKEN: 'too-short' }, 'GATEWAY_EDGE_EU_TOKEN: '],
    [
      'kong',
      { GATEWAY_EGDE_TOKEN: 'secret' },
      'GATEWAY_EGDE_TOKEN: no gateway of the catalog file has this token; it names GATEWAY_EDGE_EU_TOKEN',
    ],
  ])('%s with %j is a mistake, which holds no token', async (kind, tokens, expected) => {
    const [line] = await file(tokens, kind);
    expect(line).toMatch(new RegExp(`^${expected}`));
    expect(line).not.toMatch(/secret$|too-short/);
  });

  it('and where there is no file there is no gateway to have one', async () => {
    expect(await readCatalog(undefined, new Map([['GATEWAY_EDGE_TOKEN', 'x']]))).toMatchObject({ ok: false });
    expect(await readCatalog(undefined)).toEqual({ ok: true, services: [], gateways: [] });
  });
});
