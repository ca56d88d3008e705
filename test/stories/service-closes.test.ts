/** Disabling, retiring and auto approval: what follows is said before, and what waits says so afterwards. */
import { describe, expect, it } from 'vitest';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const inChannel = { in: 'api-requests' } as const;
const maps = { ...atHome, on: /`maps`/ };

describe.each(storyModes)('over %s', (mode) => {
  it('each asks and says what follows; cards, Homes and reminders of what waits say that it is closed', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { mode, env: { APPROVERS: 'U0ALEX,U0LEE' } });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { dana, alex, lee } = people(scenario);
    await scenario.database.sql`insert into services (slug, name, managed_by) values ('maps', 'Maps <API>', 'slack')`;
    for (const name of ['Shop', 'Till']) {
      await asks(dana, ['Maps'], name);
      await dana.closes();
    }
    await untilDelivered();
    await alex.clicks('Approve', { ...inChannel, on: /Till/ });
    await advanceTo('2026-11-03T09:00:00Z');
    for (const one of [dana, alex]) await one.opensHome();

    await alex.finds(/`maps`/, atHome);
    await alex.clicks('Disable registration', maps);
    expect(await alex.finds(/Disable registration/, { in: 'modal' })).toBe(`== Disable registration ==
Service  Maps <API>
:warning: New requests will be refused.
1 pending request stays and can still be decided. 1 approved application keeps its access.
· No one gets a message. Pending cards, reminders and Home will show it.
[Cancel] [Disable]`);
    await alex.closes();
    expect(alex.sees('home')[0]).toMatch(/`maps` · Registration enabled/);
    await alex.clicks('Disable registration', maps);
    expect(await alex.submits()).toEqual({ closed: true });
    await untilDelivered();
    const disabled = /Registration for this service is disabled/;
    await alex.finds(new RegExp(`Shop[\\s\\S]*${disabled.source}`), inChannel);
    expect(alex.sees('api-requests').filter((text) => /Till/.test(text) && disabled.test(text))).toEqual([]);
    expect(alex.sees('api-requests').find((text) => /^:bell:/.test(text))).toMatch(disabled);
    expect(dana.told.find((text) => /still waiting/.test(text))).toMatch(disabled);
    expect(lee.told.find((text) => /Shop/.test(text))).toMatch(disabled);
    for (const one of [dana, alex]) await one.finds(new RegExp(`Shop[\\s\\S]*${disabled.source}`), atHome);

    await alex.clicks('Switch auto approval on', maps);
    expect(await alex.finds(/Approve automatically/, { in: 'modal' })).toMatch(
      /at once, without review\.\n1 pending request still needs a decision\. .*\n· The approval channel gets a message now/,
    );
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.finds(/`maps` [^\n]*\nApproved automatically/, atHome);
    await alex.clicks('Retire', maps);
    await alex.finds(/No one can request this service until you bring it back/, { in: 'modal' });
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.finds(/Shop[\s\S]*This service is retired/, inChannel);
    await untilDelivered();
    expect(lee.told.find((text) => /Shop/.test(text))).toMatch(/This service is retired/);
    expect(alex.sees('api-requests').find((text) => /^:bell:/.test(text))).toMatch(/This service is retired/);
    await alex.clicks('Bring back', maps);
    await alex.finds(/`maps` · Registration enabled/, atHome);
    await untilDelivered();
    expect(alex.sees('api-requests').filter((text) => /is retired|is disabled/.test(text))).toEqual([]);
  });
});
