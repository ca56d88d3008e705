/** Payloads that were tampered with, over HTTP: none ends in a 500, and none does what its person may not. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Payload } from '../local-slack/delivery/envelope.ts';
import { person, seed } from '../local-slack/seed.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

let scenario: Scenario;
/** One of each kind, all of them by people who may not do it: whatever then changes has got past a check. */
const genuine: Payload[] = [];

beforeAll(async () => {
  const gwen = person('gwen', { isGuest: true });
  scenario = await openScenario({ mode: 'http', seed: seed({ members: [gwen] }) });
  const { workspace } = scenario;
  const { dana, alex, sam } = people(scenario);
  await requests(dana, alex, 'Payments API', 'Shop');
  const keep = (by: { id: string }, from: { id: string } = by) => {
    const taken = workspace.delivered.at(-1);
    genuine.push(JSON.parse(JSON.stringify(taken).replaceAll(from.id, by.id)));
  };
  await sam.types('/register payments');
  keep(sam);
  await sam.searches('Services', 'pay');
  keep(sam);
  await sam.closes();
  await dana.opensHome();
  keep(dana);
  await alex.clicks('Reject', { in: 'api-requests' });
  keep(sam, alex);
  await alex.fills('Reason', ' ');
  await alex.submits();
  keep(sam, alex);
  await alex.closes();
  await dana.types('/unregister');
  await dana.picks('Registration', 'Payments API');
  const open = structuredClone(dana.view);
  await dana.closes();
  await asks(sam, ['Search API'], 'Till', ' ');
  const submission = workspace.delivered.at(-1);
  genuine.push({ ...submission, view: open });
  const view = JSON.parse(JSON.stringify(submission).replace('" "', '"Why"')).view;
  genuine.push({ ...submission, user: { ...Object(submission?.user), id: gwen.id }, view });
  const [click] = genuine.filter(({ type }) => type === 'block_actions');
  const [action] = Object(click?.actions);
  for (const action_id of ['approve', 'reinstate', 'unregister', 'history', 'more']) {
    genuine.push({
      ...click,
      actions: [{ ...action, action_id, selected_option: { value: `delete:${action.value}` } }],
    });
  }
});
afterAll(() => scenario[Symbol.asyncDispose]());

type Path = (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [at, ...[...keys].flatMap((key) => pathsOf(Object(value)[key], [...at, key]))];
}

const nasty = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1.5, 1e308, true, [], {}, '\0', '\ud800', '__proto__', 'constructor'),
  fc.constantFrom<unknown>('<!channel>', "'; drop table history; --", '1@1', 'U0NOBODY', 'x'.repeat(20_000), [[[]]]),
  fc.constant<unknown>(JSON.parse('{"__proto__":{"id":"U0ALEX"},"constructor":{"prototype":{}}}')),
  fc.anything({ maxDepth: 2, withNullPrototype: false }),
);

const tampering = fc.oneof(
  fc.record({ how: fc.constant('drop' as const), where: fc.nat() }),
  fc.record({ how: fc.constant('put' as const), where: fc.nat(), what: nasty }),
  fc.record({ how: fc.constant('swap' as const), where: fc.nat(), other: fc.nat() }),
);

/** The place in a payload, all but its top. */
function place(payload: Payload, number: number): { holder: Record<string | number, unknown>; key: string | number } {
  const paths = pathsOf(payload).filter((path) => path.length > 0);
  const path = paths[number % paths.length] ?? [];
  const holder = path.slice(0, -1).reduce<unknown>((inner, key) => Object(inner)[key], payload);
  return { holder: Object(holder), key: path.at(-1) ?? '' };
}

function tamper(payload: Payload, one: Tampering): void {
  const { holder, key } = place(payload, one.where);
  if (one.how === 'drop') delete holder[key];
  else if (one.how === 'put') holder[key] = structuredClone(one.what);
  else {
    const other = place(payload, one.other);
    [holder[key], other.holder[other.key]] = [structuredClone(other.holder[other.key]), structuredClone(holder[key])];
  }
}

type Tampering =
  | { how: 'drop'; where: number }
  | { how: 'put'; where: number; what: unknown }
  | { how: 'swap'; where: number; other: number };

const kept = async () => {
  const { sql } = scenario.database;
  const rows = await sql`select id, status, version, requester from registrations order by id`;
  const [counts] =
    await sql`select (select count(*) from history) events, (select count(*) from applications) applications,
    (select count(*) from application_owners) owners, (select json_agg(s order by id) from services s) services`;
  return JSON.stringify([rows, counts]);
};

it('a payload with fields dropped, replaced and swapped gets a response, and changes nothing', async () => {
  const before = await kept();
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(tampering, { minLength: 1, maxLength: 3 }), async (which, changes) => {
      const payload = structuredClone(genuine[which % genuine.length] ?? {});
      for (const change of changes) tamper(payload, change);
      let sent: unknown;
      try {
        sent = JSON.parse(JSON.stringify(payload));
      } catch {
        // What cannot be written as JSON cannot be sent.
        return;
      }
      const receipt = await scenario.workspace.deliver(Object(sent));
      expect(receipt.ok ? 200 : receipt.status).not.toBe(500);
      expect(receipt).not.toMatchObject({ error: 'operation_timeout' });
    }),
    // As many as fit: what is found is printed with its seed.
    { numRuns: 150, interruptAfterTimeLimit: 8_000 },
  );
  expect(await kept()).toBe(before);
  expect(Object.hasOwn(Object.prototype, 'id')).toBe(false);
});
