/** Approvers who cannot see the card, and direct messages that say when they are over. */
import { describe, expect, it } from 'vitest';
import { channel, group, person, seed } from '../local-slack/seed.ts';
import { shares } from '../support/applications.ts';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
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

describe.each(storyModes)('over %s', (mode) => {
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

    // Still unanswered: they are reminded by direct message, and the requester reads that they were.
    await advanceTo('2026-11-03T09:00:00Z');
    for (const one of [kim, lee]) {
      expect(one.told).toEqual([
        expect.stringMatching(/^:wave: You’re asked/),
        `:bell: A request is still waiting for your decision.
Payments API — Shop
requested by Dana Reyes
Waiting 1 day
[Open Home]`,
      ]);
    }
    expect(dana.told.at(-1)).toMatch(/· We’ve reminded the approvers\. Nothing to do on your side\.$/);
    await kim.clicks('Open Home', { in: 'messages', on: /^:bell:/ });

    await kim.clicks('Approve', atHome);
    await dana.finds(/Approved by @kim/);
    await untilDelivered();
    for (const one of [kim, lee]) {
      expect(one.told).toEqual([
        expect.stringMatching(/^:white_check_mark: Approved by @kim today at 09:00\n(?!.*Open Home)/s),
        `:ballot_box_with_check: This request is no longer waiting for you.
Payments API — Shop
:white_check_mark: Approved by @kim, today at 09:00`,
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
    // Lee is in no channel of it: what has reached Lee is the direct message.
    const toDana = () => dana.told.find((text) => /your request is/i.test(text));
    expect(toDana()).toMatch(/\n· We’ve reminded @lee\. Nothing to do on your side\.$/);
    expect(lee.told.at(-1)).toBe(`:bell: 3 requests are still waiting for your decision.
Ledger API — Shop
requested by Dana Reyes
Waiting 1 day
:warning: Expires on Nov 5, 2026 at 08:00
Ledger API — Till
requested by Sam Okafor
Waiting 1 day
:warning: Expires on Nov 5, 2026 at 08:00
Payments API — Till
requested by Sam Okafor
Waiting 1 day
:warning: Expires on Nov 5, 2026 at 08:00
[Open Home]`);

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
      expect.stringMatching(
        /^:bell: A request is still waiting .*Ledger API — Shop.*Ledger API — Till\n:\w+: Withdrawn by @sam/s,
      ),
    ]);
    // The channel's reminder lists what is left.
    expect(alex.sees('api-requests').find((text) => /^:bell:/.test(text))).toMatch(
      /^:bell: A request is waiting[^T]*Ledger API — Shop/s,
    );

    await advanceTo('2026-11-05T08:01:00Z');
    expect(toDana()).toMatch(/^:ballot_box_with_check: Your request is no longer waiting\.\n.*\n:\w+: Expired, /);
    expect(lee.told.filter((text) => /Shop/.test(text))).toEqual([
      expect.stringMatching(/^:\w+: Expired/),
      expect.stringMatching(
        /^:ballot_box_with_check: These requests are no longer waiting for you\.\n(?!.*Open Home)/s,
      ),
    ]);
  });
});

describe('reminders by direct message', () => {
  const bells = (told: string[]) => told.filter((text) => /^:bell:/.test(text));
  const claims = (told: string[]) =>
    told.flatMap((text) => text.match(/We’ve reminded .*?\. |Nothing to do.*$/gm) ?? []);
  const nothing = 'Nothing to do on your side.';

  it('a snooze holds for them too, there is one of them only, and a day later it comes again', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { catalog, seed: company() });
    const { scenario, untilDelivered, advanceTo } = timed;
    const { dana, alex, lee } = people(scenario);
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await asks(dana, ['Ledger API'], 'Shop');
    await dana.closes();
    await advanceTo('2026-11-03T09:00:00Z');
    expect(bells(lee.told)).toEqual([expect.stringMatching(/^:bell: 2 requests are still waiting/)]);

    await alex.clicks('Snooze until tomorrow', inChannel);
    await alex.finds(/Snoozed until tomorrow/, inChannel);
    await untilDelivered();
    expect(bells(lee.told)).toEqual([
      expect.stringMatching(/Payments API — Shop\n.*\nWaiting 1 day\n:zzz: Snoozed until tomorrow at 09:00 by @alex\n/),
    ]);
    await advanceTo('2026-11-04T09:00:00Z');
    expect(bells(lee.told)).toEqual([
      expect.stringMatching(
        /^:bell: A request is still waiting.*\nPayments API — Shop\n.*\nWaiting 2 days\n\[Open Home\]$/,
      ),
    ]);
  });

  it('who has left the channel since, or was never asked by an earlier version, is reminded; who is in it now is not', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { catalog, seed: company() });
    const { scenario, advanceTo } = timed;
    const { dana, alex, lee } = people(scenario);
    const kim = scenario.workspace.person('kim');
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await timed.untilDelivered();
    await scenario.database.sql`delete from approver_messages where person = 'U0LEE'`;
    await scenario.workspace.leave('alex', 'api-requests');
    await scenario.workspace.join('kim', 'api-requests');
    await advanceTo('2026-11-03T09:00:00Z');
    for (const one of [alex, lee]) expect(bells(one.told)).toHaveLength(1);
    expect(bells(kim.told)).toEqual([]);
    // Who owns the application now cannot decide.
    await shares(dana, /^Shop/m, alex);
    await alex.finds(
      /^:ballot_box_with_check: This request is no longer waiting for you\.\n.*\nSomeone else decides it now$/,
    );
    await lee.opensHome();
    await lee.finds(/Payments API — Shop/, atHome);
    await lee.clicks('Approve', atHome);
    await dana.finds(/Approved by @lee/);
    await timed.untilDelivered();
    for (const one of [alex, lee])
      expect(one.told.filter((text) => /^:ballot_box_with_check:.*\n.*\n.*Approved by @lee/.test(text))).toHaveLength(
        1,
      );
  });

  it('the requester is told when the approvers have been; what is snoozed before it is posted is not in it', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { catalog, seed: company() });
    const { scenario, advanceTo } = timed;
    const { workspace, database } = scenario;
    const { dana, sam, lee } = people(scenario);
    await asks(dana, ['Ledger API'], 'Shop');
    await dana.closes();
    await asks(sam, ['Ledger API'], 'Till');
    await sam.closes();
    await timed.untilDelivered();

    const members = workspace.hold('conversations.members');
    const post = workspace.hold(
      'chat.postMessage',
      ({ channel, text }) => channel === lee.id && /waiting/.test(`${text}`),
    );
    const tick = advanceTo('2026-11-03T09:00:00Z');
    await members.reached;
    await database.sql`
      update registrations set put_off_by = 'U0ALEX', remind_at = '2026-11-04T09:00:00Z' where requester = 'U0SAM'`;
    members.release();
    await post.reached;
    await eventually('the requesters are waited with', async () => {
      const [job] = await database.sql`select attempt from outbox where kind = 'requesters'`;
      return job !== undefined && job.attempt > 1;
    });
    expect(claims(dana.told)).toEqual([]);
    post.release();
    await tick;
    expect(bells(lee.told)).toEqual([
      expect.stringMatching(/^:bell: A request is still.*Ledger API — Shop(?!.*Till)/s),
    ]);
    expect(claims(dana.told)).toEqual(['We’ve reminded @lee. ', nothing]);
    expect(claims(sam.told)).toEqual([nothing]);
  });

  it('the requester reads only of those who were really reminded', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
      catalog: `services:
  - { slug: own, name: Own API, approvers: [U0DANA, U0ALEX, U0LEE] }
  - { slug: away, name: Away API, channel: C0AWAY, approvers: [U0ALEX] }
  - { slug: team, name: Team API, channel: C0TEAM }
`,
      seed: seed({
        channels: [
          channel('C0AWAY', 'away', ['U0ALEX', 'U0REGISTRAR']),
          channel('C0TEAM', 'team', ['U0DANA', 'U0REGISTRAR']),
        ],
      }),
    });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { workspace } = scenario;
    const { dana, sam, priya, lee } = people(scenario);
    await workspace.join('dana', 'api-requests');
    // Dana is an approver herself, and in the channel. Lee cannot be messaged. The channel of the second service takes no
    // reminder, and in that of the third there is no one else.
    await asks(dana, ['Own API'], 'Shop');
    await dana.closes();
    await asks(sam, ['Away API'], 'Till');
    await sam.closes();
    await asks(dana, ['Team API'], 'Shop');
    await dana.closes();
    await asks(priya, ['Own API'], 'Web');
    await priya.closes();
    await untilDelivered();
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'user_not_found' },
      { times: Number.POSITIVE_INFINITY, when: ({ channel }) => channel === lee.id },
    );
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'invalid_blocks' },
      {
        times: Number.POSITIVE_INFINITY,
        when: ({ channel, text }) => channel === 'C0AWAY' && /waiting/.test(String(text)),
      },
    );
    await advanceTo('2026-11-03T09:00:00Z');
    expect(claims(priya.told)).toEqual(['We’ve reminded @dana and @alex. ', nothing]);
    expect(claims(sam.told)).toEqual([nothing]);
    expect(claims(dana.told)).toEqual([nothing]);
  });
});
