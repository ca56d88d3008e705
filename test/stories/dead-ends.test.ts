/** What is not named to people who cannot see it, and a dead end that is said before it begins. */
import { describe, expect, it } from 'vitest';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { openScenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const inChannel = { in: 'api-requests' } as const;

describe.each(storyModes)('over %s', (mode) => {
  it('a private channel is not named to a developer: not in the confirmation, Home or the reminder', async () => {
    const catalog = `services:
  - { slug: payments, name: Payments API }
  - { slug: open, name: Open API, channel: C0GENERAL }
`;
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { mode, catalog });
    const { dana, alex } = people(timed.scenario);
    await asks(dana, ['Payments API', 'Open API'], 'Shop');
    expect(dana.reads).toMatch(
      /Payments API, waiting for the API team\n.*Open API, waiting for the members of #general/,
    );
    await dana.closes();
    await dana.opensHome();
    await dana.finds(/Payments API[\s\S]*waiting for the API team/, atHome);
    await timed.advanceTo('2026-11-03T09:00:00Z');
    const all = [...dana.told, ...dana.sees('home')].join('\n');
    expect(all).toMatch(/Pending since yesterday at 08:00, waiting for the API team/);
    expect(all).toMatch(/for the members of #general/);
    expect(all).not.toContain('#api-requests');
    // Who is in the channel reads its name.
    await asks(alex, ['Payments API'], 'Till');
    expect(alex.reads).toMatch(/waiting for the members of #api-requests/);
  });

  it('the queue names the channel of a card only to approvers who can see it', async () => {
    const catalog = 'services:\n  - { slug: payments, name: Payments API, approvers: [U0LEE, U0ALEX] }\n';
    await using scenario = await sharedScenarios({ mode, catalog }).open();
    const { dana, lee, alex } = people(scenario);
    await asks(dana, ['Payments API'], 'Shop');
    await alex.finds(/Payments API/, inChannel);
    for (const one of [lee, alex]) await one.opensHome();
    await alex.finds(/Payments API — Shop[^\n]*card in #api-requests/, atHome);
    expect(await lee.finds(/Payments API — Shop/, atHome)).not.toContain('api-requests');
  });

  it('the review of a service says which approvers will not see its cards', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { alex } = people(scenario);
    await alex.opensHome();
    await alex.finds(/Add a service/, atHome);
    await alex.clicks('Add a service', atHome);
    await alex.fills('Name', 'Maps API');
    await alex.picks('Approvers: people', 'lee');
    await alex.picks('Approvers: people', 'alex');
    await alex.submits();
    await alex.finds(/Not in #api-requests: @lee\. Registrar asks them by direct message, and they decide in Home\./, {
      in: 'modal',
    });
  });

  it('the review of a service says what becomes of its requests and applications', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam, alex } = people(scenario);
    await scenario.database.sql`insert into services (slug, name, managed_by) values ('maps', 'Maps API', 'slack')`;
    await asks(dana, ['Maps API'], 'Shop');
    await alex.finds(/Maps API for Shop/, inChannel);
    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
    for (const application of ['Till', 'Kiosk']) {
      await asks(sam, ['Maps API'], application);
      await alex.finds(new RegExp(`⏳ Maps API for ${application}`), inChannel);
    }
    await alex.opensHome();
    await alex.finds(/`maps`/, atHome);
    await alex.clicks('Edit', { ...atHome, on: /`maps`/ });
    await alex.finds(/== Edit a service/, { in: 'modal' });
    await alex.picks('Registration', 'Disabled');
    await alex.picks('Approval', 'Approve every new request');
    await alex.submits();
    expect(await alex.finds(/Nothing is saved yet/, { in: 'modal' })).toContain(
      `:warning: New requests will be refused. 2 pending requests stay and can still be decided. 1 approved application keeps its access.
:warning: New requests will need no decision. 2 pending requests still need a decision. 1 approved application keeps its access.`,
    );
  });

  it('the only approver who asks for her own service reads that no one else can approve it, and who can change that', async () => {
    const catalog = `services:
  - { slug: payments, name: Payments API, approvers: [U0PRIYA] }
  - { slug: ledger, name: Ledger API, approvers: [U0PRIYA, U0ALEX] }
`;
    await using scenario = await openScenario({ mode, catalog, env: { APPROVERS: 'U0ALEX' } });
    const { priya } = people(scenario);
    await asks(priya, ['Payments API', 'Ledger API'], 'Shop');
    expect(priya.reads).toMatch(
      /No one else can approve {2}Payments API\n:warning: Ask @alex to name another approver\./,
    );
    await priya.closes();
    await priya.finds(/Ledger API/, inChannel);
    await priya.clicks('Approve', { ...inChannel, on: /Payments API/ });
    await priya.finds(/^You can’t decide your own request\. No one else can decide it\. Ask @alex to name another/, {
      in: 'whispered',
    });
    await priya.clicks('Approve', { ...inChannel, on: /Ledger API/ });
    await priya.finds(/^You can’t decide your own request\. Ask @alex\.\nLedger API for /, { in: 'whispered' });
  });
});
