/** The main job, end to end, in both modes: asked for, decided, told, undone. */
import { describe, expect, it } from 'vitest';
import { modes } from '../support/bot.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

/** A fixed moment, so that what is read can be written down. */
const monday = () => new Date('2026-11-02T09:15:00Z');

describe.each(modes)('over %s', (mode) => {
  const scenarios = sharedScenarios({ mode });

  it('two services are requested at once; one is approved, one rejected, and the requester is told of both', async () => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex, priya } = people(scenario);

    await dana.types('/register');
    expect(await dana.finds(/Register/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Register an application ==
      Services: ‹Search by name›
      Application: ‹Choose one, or type a new name›
        Type any other name to create an application.
      Reason: ‹›
        The approvers read this. Say what you’ll use it for.
      [Cancel] [Request access]"
    `);
    await dana.picks('Services', 'Payments API');
    await dana.picks('Services', 'Ledger API');
    await dana.picks('Application', 'Shop');
    await dana.fills('Reason', 'Checkout for the new shop');
    await dana.submits();
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Register an application ==
      :hourglass_flowing_sand: Your registration is under review. You will be notified in a direct message.
      Application  Shop
      Under review  Payments API, waiting for the API team
      Under review  Ledger API, waiting for the API team
      · Nothing more to do. To withdraw a request, use /unregister. To edit its reason, open Home.
      [Close]"
    `);

    expect(await alex.finds(/Payments API/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "⏳ Payments API for Shop
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout for the new shop
      Payments API  Charges, refunds and payouts · Documentation (https://docs.acme.example/payments)
      Shop  has no access to other services yet
      · The members of #api-requests can decide.
      [Approve] [Reject] [History] [… Approve with a note | Delete request]"
    `);
    await alex.finds(/Ledger API/, { in: 'api-requests' });

    await alex.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
    expect(await dana.finds(/Approved/)).toMatchInlineSnapshot(`
      ":white_check_mark: Approved by @alex
      Service  Payments API
      Application  Shop
      Shop can now use Payments API. Read the docs (https://docs.acme.example/payments)."
    `);
    expect(await priya.finds(/Approved by/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "✅ Payments API for Shop · approved
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout for the new shop
      Payments API  Charges, refunds and payouts · Documentation (https://docs.acme.example/payments)
      :white_check_mark: Approved by @alex today at 09:15
      [Revoke] [History] [… Delete request]"
    `);

    await priya.clicks('Reject', { in: 'api-requests', on: /Ledger API/ });
    expect(await priya.finds(/Reason/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Reject request ==
      Ledger API for Shop, requested by @dana
      Reason: ‹›
        The owners read this. Say why, and what they can do instead.
      [Cancel] [Reject]"
    `);
    await priya.fills('Reason', 'The ledger is closed for the audit.\nAsk again in May.');
    expect(await priya.submits()).toEqual({ closed: true });
    expect(await dana.finds(/Rejected/)).toMatchInlineSnapshot(`
      ":no_entry_sign: Rejected by @priya
      Service  Ledger API
      Application  Shop
      > The ledger is closed for the audit.
      > Ask again in May.
      You can ask again: the form comes filled in.
      [Ask again]"
    `);
    expect(await alex.finds(/Rejected by/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "🚫 Ledger API for Shop · rejected
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout for the new shop
      Ledger API  Double-entry bookkeeping
      :no_entry_sign: Rejected by @priya today at 09:15
      > The ledger is closed for the audit.
      > Ask again in May.
      [History] [… Delete request]"
    `);
    expect(alex.sees('api-requests')).toHaveLength(2);
  });

  it('a registration is unregistered: it leaves the list, the card says by whom, and it can be requested again', async () => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex } = people(scenario);
    await asks(dana, ['Payments API'], 'Shop');
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by/);

    await dana.types('/unregister');
    expect(await dana.finds(/Unregister/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Unregister application ==
      Registration: ‹Choose a registration›
        An approved application loses access. A pending request is withdrawn. You can ask again later.
      [Cancel] [Unregister]"
    `);
    expect(await dana.searches('Registration')).toEqual(['Payments API — Shop (approved)']);
    await dana.picks('Registration', 'Payments');
    await dana.submits();
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Unregister application ==
      :wastebasket: Unregistered.
      Service  Payments API
      Application  Shop
      [Close]"
    `);
    expect(await alex.finds(/Unregistered by/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "↩️ Payments API for Shop · unregistered
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout for the shop
      Payments API  Charges, refunds and payouts · Documentation (https://docs.acme.example/payments)
      :white_check_mark: Approved by @alex today at 09:15
      :leftwards_arrow_with_hook: Unregistered by @dana today at 09:15
      [… History]"
    `);

    await dana.closes();
    await dana.types('/unregister');
    expect(await dana.finds(/nothing to unregister/, { in: 'whispered' })).toMatchInlineSnapshot(
      `"You have nothing to unregister. \`/register\` requests access to a service."`,
    );
    await asks(dana, ['Payments API'], 'Shop');
    const again = await alex.finds(/Earlier requests/, { in: 'api-requests' });
    expect(again.replace(/\/p\d+/, '/p…')).toMatchInlineSnapshot(`
      "⏳ Payments API for Shop
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout for the shop
      Payments API  Charges, refunds and payouts · Documentation (https://docs.acme.example/payments)
      Shop  has no access to other services yet
      Earlier requests for this service
      • Shop, by @dana, today at 09:15: approved by @alex, then unregistered by @dana · Open the card (https://acme.slack.com/archives/C0REQUESTS/p…)
      · The members of #api-requests can decide.
      [Approve] [Reject] [History] [… Approve with a note | Delete request]"
    `);
  });

  it('a service with auto approval is approved at once, and the channel gets a card without decision buttons', async () => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex } = people(scenario);
    await asks(dana, ['Search API'], 'Shop');
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Register an application ==
      :white_check_mark: Your registration is approved. The details are in a direct message.
      Application  Shop
      Approved  Search API
      [Close]"
    `);
    expect(await dana.finds(/Approved/)).toMatchInlineSnapshot(`
      ":white_check_mark: Approved automatically
      Service  Search API
      Application  Shop
      Shop can now use Search API."
    `);
    expect(await alex.finds(/Search API/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "✅ Search API for Shop · approved automatically
      “Checkout for the shop”
      Requested by @dana today at 09:15 [… History | Revoke | Delete request]"
    `);
  });
});
