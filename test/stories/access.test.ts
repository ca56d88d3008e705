/** An approval opens the door at the gateway, and its end closes it. What people see is what the gateway has confirmed. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { storyModes } from '../support/bot.ts';
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

describe.each(storyModes)('over %s', (mode) => {
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
    expect(await dana.finds(/can no longer use/)).not.toContain('still go through');
    // What offered a key offers none any longer.
    await dana.finds(
      /^:white_check_mark: Approved by @alex\n[\s\S]*\n· Since then: Revoked by @alex, today at \d\d:\d\d\.$/,
    );
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

  it('approved: calls go through within two seconds of the click, and at the first attempt', async () => {
    await using scenario = await openGatewayScenario({ mode });
    const { dana, alex } = people(scenario);
    await approves(scenario);
    await dana.finds(/Get key/);
    const key = await getsKey(dana);
    await requests(dana, alex, 'Ledger API');
    await delivered(scenario);
    expect(calls(scenario, key, '/ledger')).toBe(403);
    const { exchanges } = scenario.gateway;
    const before = exchanges.length;
    const clicked = performance.now();
    await alex.clicks('Approve', card('Ledger API'));
    await eventually('calls go through', async () => calls(scenario, key, '/ledger') === 200);
    // Four times as long, for a machine that does other things as well.
    expect(performance.now() - clicked).toBeLessThan(4 * 2_000);
    await delivered(scenario);
    // One message tells of both, the decision and the access.
    const told = dana.told.filter((text) => /Approved by[\s\S]*Ledger API|Access is open/.test(text));
    expect(told).toEqual([expect.stringContaining('Shop can now use Ledger API: access is open.')]);
    const asked = exchanges.slice(before).map(({ name }) => name);
    expect(asked).toEqual(['GET /consumers', 'GET /consumers/:consumer/acls', 'PUT /consumers/:consumer/acls/:acl']);
  });

  describe('access ends', () => {
    it('with the registration: unregistered, deleted', async () => {
      await using scenario = await openGatewayScenario({ mode });
      const { dana, alex } = people(scenario);
      await approves(scenario);
      await dana.finds(/Get key/);
      const key = await getsKey(dana);
      await approves(scenario, 'Ledger API');
      await groupsBecome(scenario, ['ledger', 'payments']);
      const answers = () => ['/payments', '/ledger'].map((path) => calls(scenario, key, path));
      expect(answers()).toEqual([200, 200]);
      await alex.clicks('Delete request', card('Ledger API'));
      await groupsBecome(scenario, ['payments']);
      expect(answers()).toEqual([200, 403]);
      await dana.types('/unregister');
      await dana.picks('Registration', 'Payments API');
      await dana.submits();
      await groupsBecome(scenario, []);
      expect(answers()).toEqual([403, 403]);
    });

    it('with the application: its consumer goes, and its keys with it', async () => {
      await using scenario = await openGatewayScenario({ mode });
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

    it('with a retired service where the admin takes it away, and not otherwise', async () => {
      await using scenario = await openGatewayScenario({ mode });
      const { dana, alex } = people(scenario);
      for (const [slug, name] of [
        ['maps', 'Maps API'],
        ['tiles', 'Tiles API'],
      ])
        await scenario.database.sql`
          insert into services (slug, name, managed_by, access)
          values (${slug ?? ''}, ${name ?? ''}, 'slack', jsonb_build_object('gateway', 'edge', 'group', ${slug ?? ''}::text, 'credential', 'none'))`;
      await approves(scenario, 'Maps API');
      await approves(scenario, 'Tiles API');
      await groupsBecome(scenario, ['maps', 'tiles']);
      await alex.opensHome();
      await alex.clicks('Retire', { in: 'home', on: /`tiles`/ });
      expect(await alex.finds(/Retire service/, { in: 'modal' })).toMatch(
        /1 approved application stays registered\.[\s\S]*Access: .*Keep it[\s\S]*let into the group tiles at edge/,
      );
      expect(await alex.submits()).toEqual({ closed: true });
      await alex.finds(/`tiles` · Retired[\s\S]*Opens the group tiles at edge/, { in: 'home' });
      await delivered(scenario);
      await alex.clicks('Retire', { in: 'home', on: /`maps`/ });
      await alex.picks('Access', 'Take it away at once');
      const held = scenario.gateway.hold('GET /consumers');
      expect(await alex.submits()).toEqual({ closed: true });
      await held.reached;
      // Before any grant.
      expect([...(await scenario.database.sql`select priority from outbox where kind = 'access'`)]).toEqual([
        { priority: 0 },
      ]);
      held.release();
      await groupsBecome(scenario, ['tiles']);
      await delivered(scenario);
      await dana.types('/registrations');
      expect(await dana.finds(/Maps API: approved/, { in: 'whispered' })).not.toMatch(/Maps API: approved[^\n]*Access/);
      const [change] = await scenario.database.sql`
        select before->'access' is not null as had, after->'access' as has from service_changes order by at desc limit 1`;
      expect(change).toEqual({ had: true, has: null });
    });

    it('and is opened at once where requests are approved automatically', async () => {
      await using scenario = await openGatewayScenario({ mode }, { routes: [{ path: '/search', allow: ['search'] }] });
      const { dana } = people(scenario);
      await asks(dana, ['Search API'], 'Shop');
      await dana.finds(/access is open/);
      expect(calls(scenario, await getsKey(dana), '/search')).toBe(200);
    });

    it('a service without access sets nothing anywhere', async () => {
      await using scenario = await openGatewayScenario({ mode });
      const { dana } = people(scenario);
      await approves(scenario, 'Docs API');
      await delivered(scenario);
      expect(await groupsOf(scenario)).toBeUndefined();
      expect(await dana.finds(/can now use/)).not.toMatch(/access is|on its way/);
    });
  });
});
