/** An approval opens the door at the gateway, and its end closes it. What people see is what the gateway has confirmed. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { modes } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import {
  approves,
  calls,
  card,
  getsKey,
  groupsBecome,
  groupsOf,
  inChannel,
  openGatewayScenario,
} from '../support/gateway.ts';
import { delivered } from '../support/outbox.ts';
import { asks, people, requests } from '../support/steps.ts';

describe.each(modes)('over %s', (mode) => {
  it('approved, a key, 200; revoked, 403; reinstated, 200', async () => {
    await using scenario = await openGatewayScenario({ mode });
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await groupsBecome(scenario, ['payments']);
    await alex.finds(/Access open since/, inChannel);
    expect(await dana.finds(/can now use .*: access is open/)).toContain('Get key');
    const key = await getsKey(dana);
    expect(calls(scenario, key)).toBe(200);
    await alex.clicks('Revoke', card('Payments API'));
    await alex.fills('Reason', 'The audit found something');
    await alex.submits();
    await groupsBecome(scenario, []);
    expect(calls(scenario, key)).toBe(403);
    await alex.clicks('Reinstate', card('Payments API'));
    await groupsBecome(scenario, ['payments']);
    expect(calls(scenario, key)).toBe(200);
    await delivered(scenario);
    expect(await verify(scenario.database.url)).toMatchObject({ fits: true });
    const recorded = await scenario.database.sql`select action, subject, actor from access_history order by version`;
    expect(recorded.map((row) => [row.action, row.actor])).toEqual([
      ['granted', null],
      ['key-made', dana.id],
      ['removed', null],
      ['granted', null],
    ]);
  });

  it('two services in one group: one revoked, calls still go through', async () => {
    await using scenario = await openGatewayScenario({ mode });
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await requests(dana, alex, 'Sandbox API');
    await alex.clicks('Approve', card('Sandbox API'));
    await delivered(scenario);
    await alex.clicks('Revoke', card('Sandbox API'));
    await alex.fills('Reason', 'Not needed');
    await alex.submits();
    await delivered(scenario);
    expect([await groupsOf(scenario), calls(scenario, key)]).toEqual([['payments'], 200]);
    expect(await alex.finds(/Sandbox API[\s\S]*Revoked/, inChannel)).not.toContain('still open');
    await alex.clicks('Revoke', card('Payments API'));
    await alex.fills('Reason', 'Not needed');
    await alex.submits();
    await groupsBecome(scenario, []);
    expect(calls(scenario, key)).toBe(403);
  });
});

describe('access ends', () => {
  it('with the registration: unregistered, deleted', async () => {
    await using scenario = await openGatewayScenario();
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await approves(scenario, 'Ledger API');
    await groupsBecome(scenario, ['ledger', 'payments']);
    await alex.clicks('Delete request', card('Ledger API'));
    await groupsBecome(scenario, ['payments']);
    await dana.types('/unregister');
    await dana.picks('Registration', 'Payments API');
    await dana.submits();
    await groupsBecome(scenario, []);
  });

  it('with the application: its consumer goes, and its keys with it', async () => {
    await using scenario = await openGatewayScenario();
    const { dana } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await dana.opensHome();
    await dana.clicks('Delete', { in: 'home', on: /Shop/ });
    await dana.fills('Type the name of the application to delete it', 'Shop');
    await dana.submits();
    await groupsBecome(scenario, undefined);
    expect(calls(scenario, key)).toBe(401);
  });

  it('and is opened at once where requests are approved automatically', async () => {
    await using scenario = await openGatewayScenario();
    const { dana } = people(scenario);
    await asks(dana, ['Search API'], 'Shop');
    await groupsBecome(scenario, ['search']);
    await dana.finds(/access is open/);
  });

  it('a service without access sets nothing anywhere', async () => {
    await using scenario = await openGatewayScenario();
    const { dana } = people(scenario);
    await approves(scenario, 'Docs API');
    await delivered(scenario);
    expect(await groupsOf(scenario)).toBeUndefined();
    expect(await dana.finds(/can now use/)).not.toMatch(/access is|on its way/);
  });
});

describe('while the gateway is away', () => {
  it('access is on its way, and told in a second message when it has come', async () => {
    await using scenario = await openGatewayScenario();
    const { dana, alex } = people(scenario);
    scenario.gateway.fail('*', { kind: 'server-error' }, { times: 10_000 });
    await approves(scenario);
    await alex.finds(/Access on its way: edge has not confirmed it, because it answers with an error/, inChannel);
    await dana.finds(/as soon as access is open. It is on its way/);
    await dana.types('/registrations');
    await dana.finds(/Access on its way. It takes longer than usual/, { in: 'whispered' });
    scenario.gateway.clearFaults();
    await dana.finds(/Access is open\.[\s\S]*Payments API[\s\S]*Shop/);
    await groupsBecome(scenario, ['payments']);
    await alex.finds(/Access open since/, inChannel);
  });

  it('what is revoked says that it is still open, and why, until it is not', async () => {
    await using scenario = await openGatewayScenario();
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await alex.finds(/Access open since/, inChannel);
    scenario.gateway.fail('*', { kind: 'reset' }, { times: 10_000 });
    await dana.types('/unregister');
    await dana.picks('Registration', 'Payments API');
    await dana.submits();
    await alex.finds(
      /Unregistered by[\s\S]*Access still open at edge, since .*because it cannot be reached/,
      inChannel,
    );
    expect(calls(scenario, key)).toBe(200);
    await dana.types('/registrations');
    await dana.finds(/unregistered since .*Access still open at edge, since/, { in: 'whispered' });
    scenario.gateway.clearFaults();
    await groupsBecome(scenario, []);
    await eventually(
      'the card says nothing of it',
      async () => !alex.sees('api-requests').join().includes('still open'),
    );
    expect(calls(scenario, key)).toBe(403);
  });
});
