/** While a gateway is away: what people see is what it has confirmed, and no one reads that access has ended while it has not. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { approves, calls, card, getsKey, groupsBecome, inChannel, openGatewayScenario } from '../../support/gateway.ts';
import { people } from '../../support/steps.ts';

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
    await dana.finds(/unregistered .*Access still open at edge, since/, { in: 'whispered' });
    scenario.gateway.clearFaults();
    await groupsBecome(scenario, []);
    await eventually(
      'the card says nothing of it',
      async () => !alex.sees('api-requests').join().includes('still open'),
    );
    expect(calls(scenario, key)).toBe(403);
  });

  it.each(['Revoke', 'Delete request'])('owners read that calls may still go through after %s', async (button) => {
    await using scenario = await openGatewayScenario();
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    scenario.gateway.fail('*', { kind: 'reset' }, { times: 10_000 });
    await alex.clicks(button, card('Payments API'));
    if (button === 'Revoke') await alex.fills('Reason', 'The audit found something');
    if (button === 'Revoke') await alex.submits();
    await dana.finds(/Calls may still go through until the gateway has taken access away/);
    expect(calls(scenario, key)).toBe(200);
    scenario.gateway.clearFaults();
    await groupsBecome(scenario, []);
  });
});
