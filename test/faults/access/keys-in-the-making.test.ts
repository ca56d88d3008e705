/** Keys that are removed while they are made, and keys that come back: what no one knows of does not work for long. */
import { expect, it } from 'vitest';
import { verify } from '../../../src/db/audit-log/hash-chain.ts';
import { shares } from '../../support/applications.ts';
import { eventually } from '../../support/eventually.ts';
import {
  approves,
  calls,
  type GatewayScenario,
  getsKey,
  openGatewayScenario,
  readsKey,
} from '../../support/gateway.ts';
import { delivered } from '../../support/outbox.ts';
import { people } from '../../support/steps.ts';

const puts = 'PUT /consumers/:consumer/key-auth/:key';
const fromMessage = { on: /access is open/ };

const keysAt = ({ gateway }: GatewayScenario) => [...gateway.store.keys.values()].map(({ key }) => key);

/** The record, and what the database says now. */
const fits = async ({ database }: GatewayScenario) => (await verify(database.url)).fits;

it.each([
  ['the gateway takes it after all', undefined, /was removed while it was being made/],
  ['the gateway takes it, and its answer is lost', 'accept-then-drop', /No key was made/],
] as const)('an owner removes a key that another is making: %s', async (_, fault, told) => {
  await using scenario = await openGatewayScenario();
  const { gateway, database } = scenario;
  const { dana, sam } = people(scenario);
  await approves(scenario);
  await dana.finds(/Get key/);
  await shares(dana, /^Shop/m, sam);
  await sam.finds(/made you an owner/);
  const held = gateway.hold(puts);
  await dana.clicks('Get key', fromMessage);
  await held.reached;
  await sam.opensHome();
  await sam.clicks('Get key', { in: 'home' });
  await sam.clicks('New key', { in: 'modal' });
  const second = await readsKey(sam);
  await sam.clicks('Get key', { in: 'home' });
  await sam.clicks('Remove old key', { in: 'modal' });
  await sam.finds(/is being removed/, { in: 'modal' });
  await eventually(
    'it is gone',
    async () => (await database.sql`select from application_keys where gone`).length === 1,
  );
  if (fault) gateway.fail(puts, { kind: fault });
  held.release();
  await dana.finds(told, { in: 'modal' });
  await delivered(scenario);
  expect(keysAt(scenario)).toEqual([second]);
  expect(await fits(scenario)).toBe(true);
  expect(dana.told.filter((text) => /was (made|removed) by/.test(text))).toHaveLength(1);
});

it('the gateway is restored from a backup: a removed key is removed again, of which no one hears twice', async () => {
  await using scenario = await openGatewayScenario({ reconcileAt: '* * * * * *' });
  const { gateway, database } = scenario;
  const { dana } = people(scenario);
  await approves(scenario);
  await dana.finds(/Get key/);
  const first = await getsKey(dana);
  await dana.clicks('Get key', fromMessage);
  await dana.clicks('New key', { in: 'modal' });
  const second = await readsKey(dana);
  const backup = gateway.save();
  await dana.clicks('Get key', fromMessage);
  await dana.clicks('Remove old key', { in: 'modal' });
  await dana.closes();
  await dana.finds(/was removed by @dana/);
  for (const time of ['once', 'and once more']) {
    gateway.store.load(backup);
    expect([time, calls(scenario, first)]).toEqual([time, 200]);
    await eventually('it is refused', async () => calls(scenario, first) === 401);
    await eventually(
      'that is known',
      async () => (await database.sql`select from application_keys where gone`).length === 1,
    );
  }
  await delivered(scenario);
  expect(keysAt(scenario)).toEqual([second]);
  expect(dana.told.filter((text) => /was removed/.test(text))).toHaveLength(1);
  expect(await fits(scenario)).toBe(true);
});
