/** Approvers who cannot see the card, and direct messages that say when they are over. */
import { describe, expect, it } from 'vitest';
import { group, person, seed } from '../local-slack/seed.ts';
import { modes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { asks, people } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;
const atHome = { in: 'home' } as const;

const catalog = `services:
  - { slug: payments, name: Payments API, approvers: [U0LEE, U0ALEX, S0SMALL, S0LARGE] }
  - { slug: ledger, name: Ledger API, approvers: [U0LEE] }
  - { slug: search, name: Search API }
`;

const company = () =>
  seed({
    members: [
      person('kim'),
      person('gone', { deleted: true }),
      ...Array.from({ length: 21 }, (_, index) => person(`m${index}`)),
    ],
    groups: [
      group('S0SMALL', 'small', ['U0KIM', 'U0PRIYA', 'U0DANA', 'U0GONE']),
      group(
        'S0LARGE',
        'large',
        Array.from({ length: 21 }, (_, index) => `U0M${index}`),
      ),
    ],
  });

describe.each(modes)('over %s', (mode) => {
  it('who is not in the channel is asked by direct message, decides in Home, and reads when it is over', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { mode, catalog, seed: company() });
    const { scenario, untilDelivered, advanceTo } = timed;
    const { workspace } = scenario;
    const { dana, alex, lee } = people(scenario);
    const kim = workspace.person('kim');
    await asks(dana, ['Payments API', 'Search API'], 'Shop', 'For <!channel> & co');
    await dana.closes();
    await untilDelivered();
    // Of the group only who is neither in the channel, nor the requester, nor gone; and no one of the large one.
    const told = () => [...workspace.members.values()].filter(({ id }) => workspace.directMessages(id).length > 0);
    expect(
      told()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['dana', 'kim', 'lee']);
    const asked = `:wave: *You’re asked to decide a request.*`.replaceAll('*', '');
    expect(kim.told).toEqual([
      `${asked}
Service  Payments API
Application  Shop
Requested by  @dana
> For <!channel> & co
· Requested today at 08:00. Approve or reject it in Home.
[Open Home]`,
    ]);
    const [message] = workspace.directMessages(kim.id);
    expect(JSON.stringify(message?.blocks)).toContain('slack://app?team=T0ACME&id=A0REGISTRAR&tab=home');
    await kim.clicks('Open Home', { in: 'messages' });
    await kim.finds(/Payments API — Shop/, atHome);

    // Edited: what they read follows.
    await dana.opensHome();
    await dana.finds(/Edit reason/, atHome);
    await dana.clicks('Edit reason', atHome);
    await dana.fills('Reason', 'For the shop');
    await dana.submits();
    await kim.finds(/> For the shop/);

    // The requester's reminder names whom it has reached.
    await advanceTo('2026-11-03T09:00:00Z');
    expect(dana.told.at(-1)).toMatch(/· We’ve reminded the approvers\. Nothing to do on your side\.$/);

    await kim.clicks('Approve', atHome);
    await dana.finds(/Approved by @kim/);
    await untilDelivered();
    for (const one of [kim, lee]) {
      expect(one.told).toEqual([
        expect.stringMatching(/^:white_check_mark: Approved by @kim today at 09:00\n(?!.*Open Home)/s),
      ]);
    }
    await alex.finds(/Approved by @kim/, inChannel);
    const reminder = () => dana.told.find((text) => /still waiting|no longer/.test(text)) ?? '';
    expect(reminder()).toBe(
      `:hourglass_flowing_sand: Your request is still waiting for a decision.
Search API — Shop
Pending since yesterday at 08:00, waiting for the API team [Withdraw]
Payments API — Shop
:white_check_mark: Approved by @kim, today at 09:00
· We’ve reminded the API team. Nothing to do on your side.`,
    );

    // Withdrawn from that message: it loses its button, and pressing it again is answered.
    const shown = workspace.directMessages(dana.id).find(({ text }) => /waiting/.test(text));
    const asDanaStillSeesIt = structuredClone(shown);
    await dana.clicks('Withdraw', { in: 'messages' });
    await dana.finds(/^You withdrew the request/, { in: 'whispered' });
    await untilDelivered();
    expect(reminder()).toMatch(/^:ballot_box_with_check: These requests are no longer waiting\.\n/);
    expect(reminder()).toContain('Search API — Shop\n:leftwards_arrow_with_hook: Withdrawn by @dana, today at 09:00');
    expect(reminder()).toContain('Payments API — Shop\n:white_check_mark: Approved by @kim, today at 09:00');
    expect(reminder()).not.toMatch(/reminded|Withdraw\]/);
    if (!asDanaStillSeesIt) throw new Error('there was a reminder');
    await dana.clicks('Withdraw', { on: asDanaStillSeesIt });
    await dana.finds(/^You already withdrew this request\.\nSearch API for Shop/, { in: 'whispered' });
    expect(
      workspace.directMessages(dana.id).filter(({ metadata }) => metadata?.event_type === 'registrar_waiting'),
    ).toHaveLength(1);
  });

  it('a reminder does not claim to have reached whom it has not, and is over with its application or in time', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
      mode,
      catalog,
      seed: company(),
      env: { EXPIRE_PENDING_AFTER: '3d' },
    });
    const { scenario, untilDelivered, advanceTo } = timed;
    const { dana, sam, lee, alex } = people(scenario);
    await asks(dana, ['Ledger API'], 'Shop');
    await dana.closes();
    await asks(sam, ['Ledger API', 'Payments API'], 'Till');
    await sam.closes();
    await advanceTo('2026-11-03T09:00:00Z');
    expect(dana.told.find((text) => /waiting/.test(text))).toMatch(/\n· Nothing to do on your side\.$/);

    await sam.opensHome();
    await sam.finds(/Till/, atHome);
    await sam.clicks('Delete', { ...atHome, on: /Till/ });
    await sam.fills('Type the name of the application to delete it', 'Till');
    expect(await sam.submits()).toEqual({ closed: true });
    await untilDelivered();
    expect(sam.told.at(-1)).toMatch(/^:ballot_box_with_check: These requests are no longer waiting/);
    expect(lee.told.filter((text) => /Till/.test(text))).toEqual([
      expect.stringMatching(/^:\w+: Unregistered by @sam/),
      expect.stringMatching(/^:\w+: Unregistered by @sam/),
    ]);
    // The channel's reminder lists what is left.
    expect(alex.sees('api-requests').find((text) => /^:bell:/.test(text))).toMatch(
      /^:bell: A request is waiting[^T]*Ledger API — Shop/s,
    );

    await advanceTo('2026-11-05T08:01:00Z');
    expect(dana.told.find((text) => /waiting/.test(text))).toMatch(
      /^:ballot_box_with_check: Your request is no longer waiting\.\n.*\n:\w+: Expired, /,
    );
    expect(lee.told.filter((text) => /Shop/.test(text))).toEqual([expect.stringMatching(/^:\w+: Expired/)]);
  });
});
