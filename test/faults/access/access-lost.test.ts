/** What people read where access is taken away, or moves, while a gateway is away. */
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { people } from '../../support/steps.ts';
import { areApproved, groupsAt, openWorld, setsFile } from '../../support/two-gateways.ts';

const inChannel = { in: 'api-requests' } as const;

it('its service moves while the new gateway is away: they read that it is on its way, and that it has come', async () => {
  await using world = await openWorld();
  const { scenario, west } = world;
  const { dana } = people(scenario);
  await areApproved(world);
  west.fail('*', { kind: 'server-error' }, { times: 10_000 });
  await setsFile(world, /gateway: edge, group: payments/, 'gateway: west, group: payments');
  await dana.finds(/Access has changed\.[\s\S]*again as soon as access is open. It is on its way/);
  west.clearFaults();
  await dana.finds(/Access is open\.[\s\S]*Payments API/);
});

it('the gateway is away meanwhile: access is still open since the service changed, at the card and in the list', async () => {
  await using world = await openWorld();
  const { scenario, edge } = world;
  const { dana, alex } = people(scenario);
  await areApproved(world);
  world.at('2026-11-05T09:30:00Z');
  edge.fail('*', { kind: 'reset' }, { times: 10_000 });
  await setsFile(world, /, access: \{[^}]*\}/, '');
  await dana.finds(/Access has ended\.[\s\S]*Calls may still go through until the gateway has taken access away/);
  await alex.finds(
    /Payments API[\s\S]*Access still open at edge, since today at 09:30, because it cannot be reached/,
    inChannel,
  );
  await dana.types('/registrations');
  await dana.finds(/Payments API: approved .*Access still open at edge, since .*09:30/, { in: 'whispered' });
  edge.clearFaults();
  await eventually('it is gone', async () => groupsAt(edge).join() === 'maps');
});

it('the old gateway is away meanwhile: the card says both, where access is open and where it still is', async () => {
  await using world = await openWorld();
  const { scenario, edge, west } = world;
  const { alex } = people(scenario);
  await areApproved(world);
  edge.fail('*', { kind: 'reset' }, { times: 10_000 });
  await setsFile(world, /gateway: edge, group: payments/, 'gateway: west, group: payments');
  await alex.finds(
    /Access open since [^.]*\. Access still open at edge, since .*because it cannot be reached/,
    inChannel,
  );
  expect(groupsAt(west)).toEqual(['payments']);
  edge.clearFaults();
  await eventually('the card says nothing of it', async () => !alex.sees('api-requests').join().includes('still open'));
});
