/** Every fault of the gateway at every call that Registrar makes: in the end the gateway is what the database says. */
import { expect, it } from 'vitest';
import type { GatewayFault } from '../../local-gateway/local-gateway.ts';
import { eventually } from '../../support/eventually.ts';
import {
  approves,
  calls,
  groupsBecome,
  groupsOf,
  keyPattern,
  openGatewayScenario,
  revokes,
} from '../../support/gateway.ts';
import { delivered, retriesSoon } from '../../support/outbox.ts';
import { people } from '../../support/steps.ts';

const faults: GatewayFault[] = [
  { kind: 'rate-limited', retryAfter: 1 },
  { kind: 'server-error' },
  { kind: 'reset' },
  { kind: 'accept-then-drop' },
  { kind: 'hang' },
  { kind: 'malformed' },
  { kind: 'wiped' },
];

const consumer = '/consumers/:consumer';
/** Asked after a 500 to a deletion: whether it is there. */
const looks = [`GET ${consumer}/acls/:acl`, `GET ${consumer}/key-auth/:key`];

it.concurrent.each(faults)('$kind', async (fault) => {
  await using scenario = await openGatewayScenario({ reconcileAt: '* * * * * *', gatewayTimeout: 1_000 });
  const { gateway, database } = scenario;
  const { store } = gateway;
  const { dana, alex } = people(scenario);
  await retriesSoon(scenario);
  const covered = new Set<string>();
  const groups = async () => (await groupsOf(scenario)) ?? [];

  /** Has the next call of each name fail, does something, and waits until all is as it should be. */
  async function meets(names: string[], act: () => Promise<unknown>, wanted: string[]) {
    const staged = [...names, ...looks].map((name) => ({ name, fault: fails(name) }));
    await act();
    await eventually(`the groups are ${wanted}`, async () => {
      const there = await groups();
      const shown = alex.sees('api-requests').join();
      if (/Revoked by/.test(shown) && !/still open/.test(shown)) expect(there).toEqual([]);
      return JSON.stringify(there) === JSON.stringify(wanted);
    });
    await delivered(scenario);
    for (const one of staged) {
      if (names.includes(one.name)) expect([one.name, one.fault.met]).toEqual([one.name, 1]);
      one.fault.end();
      covered.add(one.name.split('?')[0] ?? '');
    }
    expect(store.consumers.size).toBeLessThanOrEqual(1);
    expect([...store.acls.values()].map(({ group }) => group)).toEqual(wanted);
  }

  /** Has the next call of that name fail; reconciling and looking begin with one of the same name. */
  function fails(name: string) {
    const [call = '', query = 'custom_id='] = name.split('?');
    const when =
      call === 'GET /consumers' ? { when: (args: { query?: unknown }) => String(args.query).includes(query) } : {};
    return gateway.fail(call, fault, when);
  }

  /** Waits until all was compared twice from now on. */
  async function reconciles(): Promise<void> {
    const compared = () => gateway.exchanges.filter(({ query }) => query.includes('tags=')).length;
    const before = compared();
    await eventually('it is compared', async () => compared() >= before + 3);
    await delivered(scenario);
  }

  /** Clicks until there is a key: who reads that none was made clicks again. */
  async function makesKey(): Promise<string> {
    for (;;) {
      await dana.clicks('Get key', { in: 'messages' });
      const opened = await dana.finds(/No key was made|rg_|New key/, { in: 'modal' });
      if (!/No key was made|rg_/.test(opened)) await dana.clicks('New key', { in: 'modal' });
      const modal = await dana.finds(/No key was made|rg_/, { in: 'modal' });
      await dana.closes();
      const key = keyPattern.exec(modal)?.[0];
      // As if it had been made a while ago: what is new may not have been read.
      await database.sql`update application_keys set made_at = made_at - interval '1 hour'`;
      if (key) return key;
      await delivered(scenario);
      // A gateway that has lost everything gets it back.
      await reconciles();
      await groupsBecome(scenario, ['payments']);
    }
  }

  const toGrant = ['GET /consumers', `GET ${consumer}`, `PUT ${consumer}`, `GET ${consumer}/acls`];
  await meets([...toGrant, `PUT ${consumer}/acls/:acl`], () => approves(scenario), ['payments']);
  await dana.finds(/Get key/);

  let first = '';
  const makesFirst = async () => {
    first = await makesKey();
  };
  await meets(['GET /consumers', `PUT ${consumer}/key-auth/:key`], makesFirst, ['payments']);
  expect([store.keys.size, calls(scenario, first)]).toEqual([1, 200]);

  const listed = ['GET /consumers?tags=', `GET ${consumer}/acls`, `GET ${consumer}/key-auth`];
  const untilAllAreMet = async () => {
    for (const _ of [...listed, 'and once without']) await reconciles();
  };
  await meets(listed, untilAllAreMet, ['payments']);
  // What a gateway has lost, its owners make again.
  if (calls(scenario, first) !== 200) await makesFirst();
  const second = await makesKey();
  expect([calls(scenario, first), calls(scenario, second)]).toEqual([200, 200]);

  const removesFirst = async () => {
    await dana.clicks('Get key', { in: 'messages' });
    await dana.clicks('Remove old key', { in: 'modal' });
    await dana.finds(/is being removed/, { in: 'modal' });
    await dana.closes();
    await delivered(scenario);
    await reconciles();
  };
  await meets([`DELETE ${consumer}/key-auth/:key`], removesFirst, ['payments']);
  expect(calls(scenario, first)).toBe(401);
  const key = calls(scenario, second) === 200 ? second : await makesKey();
  expect([store.keys.size, calls(scenario, key)]).toEqual([1, 200]);

  const toRemove = ['GET /consumers', `GET ${consumer}/acls`, `DELETE ${consumer}/acls/:acl`];
  if (fault.kind === 'wiped') toRemove.splice(1);
  await meets(toRemove, () => revokes(scenario), []);
  expect(calls(scenario, key)).not.toBe(200);
  const known = await database.sql`select wanted, open, failure from application_access`;
  expect([...known]).toEqual([{ wanted: false, open: false, failure: null }]);

  const deletesApplication = async () => {
    await dana.opensHome();
    await dana.clicks('Delete', { in: 'home', on: /Shop/ });
    await dana.fills('Type the name of the application to delete it', 'Shop');
    await dana.submits();
    await eventually('its consumer is gone', async () => store.consumers.size === 0);
  };
  await meets(
    fault.kind === 'wiped' ? ['GET /consumers'] : ['GET /consumers', `DELETE ${consumer}`],
    deletesApplication,
    [],
  );
  covered.add(`DELETE ${consumer}`).add(`DELETE ${consumer}/acls/:acl`);
  expect([store.consumers.size, store.acls.size, store.keys.size]).toEqual([0, 0, 0]);
  expect(gateway.exchanges.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
});
