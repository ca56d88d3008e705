/** Reconciling: what the gateway, or our own table, has other than the registrations say is found and corrected. */
import { describe, expect, it } from 'vitest';
import { transitions } from '../../../src/domain/registration.ts';
import { openWebhookReceiver } from '../../local-gateway/webhook-receiver.ts';
import { eventually } from '../../support/eventually.ts';
import { approves, calls, getsKey, groupsBecome, openGatewayScenario, readsKey } from '../../support/gateway.ts';
import { delivered } from '../../support/outbox.ts';
import { scrape } from '../../support/prometheus.ts';
import { openScenario } from '../../support/scenario.ts';
import { people, requests } from '../../support/steps.ts';

describe('reconciling', () => {
  it('grants what is missing, removes what is too much, brings a wiped consumer back, and leaves others alone', async () => {
    await using scenario = await openGatewayScenario({ reconcileAt: '* * * * * *' });
    const { gateway, database } = scenario;
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await dana.finds(/was made by/);
    // As if it had been made a while ago: what is new may not have been read.
    await database.sql`update application_keys set made_at = made_at - interval '1 hour'`;
    const shop = [...gateway.store.consumers.values()][0];
    if (!shop) throw new Error('no consumer');
    gateway.store.putAcl(shop, 'ledger', { group: 'ledger', tags: ['registrar'] });
    gateway.store.putAcl(shop, 'partners', { group: 'partners' });
    gateway.store.putConsumer('stranger', { username: 'stranger', tags: ['registrar'] });
    await groupsBecome(scenario, ['partners', 'payments'], 30_000);
    expect(gateway.store.consumer('stranger')).toBeDefined();
    const { value } = await scrape(scenario.bot.port);
    expect(value('registrar_access_reconciled', { gateway: 'edge', found: 'unknown' })).toBe(1);
    gateway.store.wipe();
    expect(calls(scenario, key)).toBe(401);
    await groupsBecome(scenario, ['payments'], 30_000);
    await dana.finds(/is gone at the gateway[\s\S]*Shop/);
    await dana.clicks('Get key', { on: /access is open/ });
    expect(calls(scenario, await readsKey(dana))).toBe(200);
  });

  it.each(['expired', ...new Set(Object.values(transitions.approved))])(
    'a registration that has become %s while the job for the gateway was lost loses its access',
    async (status) => {
      await using scenario = await openGatewayScenario({ reconcileAt: '* * * * * *' });
      const { database, bot } = scenario;
      const { dana, alex } = people(scenario);
      await requests(dana, alex);
      await delivered(scenario);
      await database.sql`update registrations set status = 'approved'`;
      await groupsBecome(scenario, ['payments'], 30_000);
      await delivered(scenario);
      await database.sql`update registrations set status = ${status}`;
      await groupsBecome(scenario, [], 30_000);
      await eventually('it is at rest', async () => {
        const { value } = await scrape(bot.port);
        return value('registrar_access_reconciled', { gateway: 'edge', found: 'forgotten' }) === 0;
      });
      const known = await database.sql`select wanted, open from application_access`;
      expect([...known]).toEqual([{ wanted: false, open: false }]);
    },
  );

  it('also where the gateway cannot be asked: a webhook', async () => {
    await using receiver = await openWebhookReceiver();
    const catalog = `services:
  - { slug: payments, name: Payments API, access: { gateway: hooks, group: payments } }
gateways:
  - { name: hooks, kind: webhook, url: "${receiver.url}" }
`;
    const env = { GATEWAY_HOOKS_TOKEN: receiver.secret };
    await using scenario = await openScenario({ catalog, env, reconcileAt: '* * * * * *' });
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    const told = () => receiver.deliveries.map(({ type }) => type);
    await scenario.database.sql`update registrations set status = 'approved'`;
    await eventually('it is granted', async () => told().includes('access.grant'));
    await delivered(scenario);
    await scenario.database.sql`update registrations set status = 'revoked'`;
    await eventually('it is revoked', async () => told().includes('access.revoke'));
    await delivered(scenario);
    expect(told()).toEqual(['access.grant', 'access.revoke']);
  });
});
