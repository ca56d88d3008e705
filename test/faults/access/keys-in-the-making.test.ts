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
  await sam.finds(/was made by @sam/);
  await sam.clicks('Get key', { in: 'home' });
  await sam.finds(/, being made by @dana\n[\s\S]*, made by @sam/, { in: 'modal' });
  await sam.clicks('Remove old key', { in: 'modal' });
  await sam.finds(/was still being made, and is removed/, { in: 'modal' });
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

const goes: [string, (scenario: GatewayScenario, key: string) => Promise<unknown>][] = [
  [
    'an owner has removed',
    async (scenario) => {
      const { dana } = people(scenario);
      await dana.clicks('Get key', fromMessage);
      await dana.clicks('Remove old key', { in: 'modal' });
      await dana.closes();
      return dana.finds(gone);
    },
  ],
  [
    'the gateway had lost',
    async (scenario, key) => {
      const { gateway, database } = scenario;
      // As if it had been made a while ago: what is new may not have been read.
      await database.sql`update application_keys set made_at = made_at - interval '1 hour'`;
      for (const one of gateway.store.keys.values()) if (one.key === key) gateway.store.keys.delete(one.id);
      return people(scenario).dana.finds(gone);
    },
  ],
];

const gone = /was removed by @dana|is gone at the gateway/;

it.each(goes)('a gateway is restored from a backup: a key that %s is removed again, told once', async (_, act) => {
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
  await act(scenario, first);
  for (const time of ['once', 'and once more']) {
    const held = gateway.hold('DELETE /consumers/:consumer/key-auth/:key');
    gateway.store.load(backup);
    await held.reached;
    expect([time, calls(scenario, first), await fits(scenario)]).toEqual([time, 200, true]);
    held.release();
    await eventually('it is refused', async () => calls(scenario, first) === 401);
    const isGone = async () => (await database.sql`select from application_keys where gone`).length === 1;
    await eventually('that is known', isGone);
  }
  await delivered(scenario);
  expect(keysAt(scenario)).toEqual([second]);
  expect(dana.told.filter((text) => gone.test(text))).toHaveLength(1);
  expect(await fits(scenario)).toBe(true);
});
