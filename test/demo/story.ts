/** The story of the tour, step by step: what people do, and what must then be there to read. */
import type { Message } from '../local-slack/model.ts';
import { readable } from '../local-slack/transcript.ts';
import { Player } from './player.ts';
import type { System } from './system.ts';
import { action } from './teller.ts';
import type { Step } from './tour.ts';

const requests = 'api-requests';

export function story(system: System): Step[] {
  const { workspace, restartBot, gateway } = system;
  const dana = new Player(system, 'dana');
  const alex = new Player(system, 'alex');
  const priya = new Player(system, 'priya');
  const lee = new Player(system, 'lee');

  const orders = { in: requests, on: /Orders API/ };
  const payments = { in: requests, on: /Payments API/ };
  const search = { in: requests, on: /Search API/ };
  const weather = { in: requests, on: /Weather API/ };
  const translation = { in: requests, on: /Translation API/ };
  const home = { in: 'home' };
  const buttons = /\[(Approve|Reject)\]/;

  /** The groups that anybody has for the Translation API at the gateway. */
  const allGroups = (): string =>
    [...gateway.store.acls.values()]
      .filter(({ group }) => group === 'translation')
      .map(({ id }) => id)
      .join();

  /** The card as a screen that lags behind shows it: it is still to be decided. */
  let lagging: Message | undefined;

  return [
    {
      title: 'Dana asks for two services at once, for a new application',
      async does() {
        await dana.types('/register');
        await dana.picks('Services', 'Orders API', 'Payments API');
        await dana.picks('Application', 'Shop');
        await dana.writes('Reason', 'The new shop takes orders and card payments');
        await dana.submits('Request access');
      },
      sees: [
        { who: dana, where: 'modal', reads: /under review.*Orders API.*Payments API/s },
        { who: alex, where: requests, reads: /⏳ Orders API.*Requested by +@dana.*\[Approve\] \[Reject\]/s },
        { who: alex, where: requests, reads: /Payments API.*@payments-leads.*\[Approve\] \[Reject\]/s },
      ],
    },
    {
      title: 'Lee is not in the channel: everybody may look, but not decide',
      does: () => lee.presses('Approve', orders, 'the card of the Orders API'),
      sees: [
        { who: lee, where: 'whispered', reads: /^Only the members of #api-requests may decide/ },
        { who: alex, where: requests, reads: /⏳ Orders API/, without: /Approved/ },
      ],
    },
    {
      title: 'Dana cannot decide her own request',
      async does() {
        await dana.closes();
        await dana.presses('Approve', orders, 'the card of the Orders API');
      },
      sees: [{ who: dana, where: 'whispered', reads: /^You cannot decide your own request/ }],
    },
    {
      title: 'Alex cannot decide about payments, which have approvers of their own',
      does: () => alex.presses('Approve', payments, 'the card of the Payments API'),
      sees: [{ who: alex, where: 'whispered', reads: /^Only @payments-leads may decide/ }],
    },
    {
      title: 'Alex approves the Orders API',
      async does() {
        lagging = workspace.messages(requests).find((message) => orders.on.test(readable(workspace, message)));
        await alex.presses('Approve', orders, 'the card of the Orders API');
      },
      sees: [
        { who: priya, where: requests, reads: /Orders API.*Approved by @alex/s, without: buttons },
        { who: dana, where: 'messages', reads: /Approved by @alex.*Orders API.*Shop/s },
      ],
    },
    {
      title: 'Priya rejects the Payments API, and says why',
      async does() {
        await priya.presses('Reject', payments, 'the card of the Payments API');
        await priya.writes('Reason', 'Use the Subscriptions API: it takes the cards for you');
        await priya.submits('Reject');
      },
      sees: [
        { who: alex, where: requests, reads: /Rejected by @priya.*Subscriptions API/s, without: buttons },
        { who: dana, where: 'messages', reads: /Rejected by @priya.*Payments API.*Subscriptions API/s },
        { who: dana, where: 'mail', reads: /^Rejected: Payments API for Shop.*by Priya Raman.*Subscriptions API/s },
      ],
    },
    {
      title: 'Priya comes too late: her screen still shows the Orders API as waiting',
      async does() {
        if (!lagging) throw new Error('the card of the Orders API was never there');
        await priya.presses('Reject', { in: requests, on: lagging }, 'the old card of the Orders API');
      },
      sees: [
        { who: priya, where: 'whispered', reads: /already approved by @alex.*Nothing was changed/ },
        { who: dana, where: 'messages', reads: /Approved by @alex.*Orders API/s },
      ],
    },
    {
      title: 'Dana asks for a service that nobody has to approve',
      async does() {
        await dana.types('/register search');
        await dana.picks('Application', 'Shop');
        await dana.writes('Reason', 'Customers want to find things');
        await dana.submits('Request access');
      },
      sees: [
        { who: dana, where: 'modal', reads: /is approved.*Search API/s },
        { who: dana, where: 'messages', reads: /Approved automatically.*Search API/s },
        { who: alex, where: requests, reads: /Search API.*approved automatically/is, without: buttons },
      ],
    },
    {
      title: 'Dana gives the Orders API back',
      async does() {
        await dana.closes();
        await dana.types('/unregister');
        await dana.picks('Registration', 'Orders API — Shop (approved)');
        await dana.submits('Unregister');
      },
      sees: [
        { who: dana, where: 'modal', reads: /Unregistered.*Orders API/s },
        { who: alex, where: requests, reads: /Orders API.*Unregistered by @dana/s, without: /\[(Approve|Revoke)\]/ },
      ],
    },
    {
      title: 'Dana asks for the Shipping API, and in Home says better why, while it waits',
      async does() {
        await dana.closes();
        await dana.types('/register shipping');
        await dana.picks('Application', 'Shop');
        await dana.writes('Reason', 'Parcels');
        await dana.submits('Request access');
        await dana.closes();
        await dana.opensHome();
        await dana.presses('Edit reason', home, 'what waits');
        await dana.writes('Reason', 'Labels for the parcels of the new shop');
        await dana.submits('Save');
      },
      sees: [
        { who: alex, where: requests, reads: /Shipping API.*> Labels for the parcels.*Reason edited by @dana/s },
        {
          who: dana,
          where: 'home',
          reads: /Shipping API\n.*Pending since .*waiting for the members of #api-requests/s,
        },
      ],
    },
    {
      title: 'Alex revokes the Search API',
      async does() {
        await alex.presses('Revoke', search, 'the card of the Search API');
        await alex.writes('Reason', 'Its key was found in a public repository');
        await alex.submits('Revoke');
      },
      sees: [
        { who: dana, where: 'messages', reads: /Revoked by @alex.*Search API.*public repository/s },
        { who: priya, where: requests, reads: /Search API.*Revoked by @alex.*Reinstate/s },
      ],
    },
    {
      title: 'The key is changed, and Alex reinstates it',
      does: () => alex.presses('Reinstate', search, 'the card of the Search API'),
      sees: [{ who: dana, where: 'messages', reads: /Reinstated by @alex.*Search API/s }],
    },
    {
      title: 'Dana looks at what the Shop has',
      does: () => dana.types('/registrations'),
      sees: [
        {
          who: dana,
          where: 'whispered',
          reads: /Shop.*Payments API: rejected.*Search API: approved.*Shipping API: pending/s,
          without: /Orders API/,
        },
      ],
    },
    {
      title: 'Alex looks after the workspace, and adds a service about which Lee decides',
      async does() {
        await alex.opensHome();
        await alex.presses('Add a service', home, 'the catalog');
        await alex.writes('Name', 'Weather API');
        await alex.writes('Description', 'Will it rain on the vans?');
        await alex.picks('Approvers: people', 'lee');
        await alex.submits('Review');
      },
      sees: [{ who: alex, where: 'modal', reads: /@lee/ }],
    },
    {
      title: 'Alex has read who would be asked, and saves it; Dana asks for it',
      async does() {
        await alex.submits('Save');
        await dana.types('/register weather');
        await dana.picks('Application', 'Shop');
        await dana.writes('Reason', 'Vans that are late because of snow');
        await dana.submits('Request access');
      },
      sees: [
        { who: dana, where: 'modal', reads: /Weather API, waiting for @lee/ },
        { who: alex, where: requests, reads: /⏳ Weather API.*@lee can decide.*\[Approve\] \[Reject\]/s },
      ],
    },
    {
      title: 'Who looks after the workspace does not decide about it',
      async does() {
        await dana.closes();
        await alex.presses('Approve', weather, 'the card of the Weather API');
      },
      sees: [{ who: alex, where: 'whispered', reads: /^Only @lee may decide this request/ }],
    },
    {
      title: 'Lee does',
      does: () => lee.presses('Approve', weather, 'the card of the Weather API'),
      sees: [{ who: dana, where: 'messages', reads: /Approved by @lee.*Weather API/s }],
    },
    {
      title: 'Dana calls the Shop something else, and its cards follow',
      async does() {
        await dana.opensHome();
        await dana.presses('Rename', { ...home, on: /^Shop/ }, 'the menu of the Shop');
        await dana.writes('Name', 'Web Shop');
        await dana.submits('Rename');
      },
      sees: [
        { who: alex, where: requests, reads: /⏳ Shipping API for Web Shop/ },
        { who: dana, where: 'home', reads: /Web Shop.*Shipping API/s },
      ],
    },
    {
      title: 'Nobody answers: the channel is reminded, in one message, of all that waits',
      async does() {
        // Instead of a day, and of nine o'clock on working days.
        action('Registrar', 'starts again, with REMIND_AFTER=1s and a REMINDER_SCHEDULE of every second');
        await restartBot({ REMIND_AFTER: '1s', REMINDER_SCHEDULE: '*/1 * * * * *' });
        await dana.types('/register');
        await dana.picks('Services', 'Invoicing API', 'Tax API');
        await dana.picks('Application', 'Web Shop');
        await dana.writes('Reason', 'The new shop sends invoices');
        await dana.submits('Request access');
      },
      sees: [
        {
          who: alex,
          where: requests,
          reads:
            /^:bell: 2 requests are waiting.*Invoicing API — Web Shop.*Dana Reyes.*Tax API — Web Shop.*Dana Reyes/s,
          without: /Payments API|Search API|Orders API|Weather API/,
        },
        { who: dana, where: 'messages', reads: /2 of your requests are still waiting.*Invoicing API.*\[Withdraw\]/s },
      ],
    },
    {
      title: 'Dana asks for the Translation API, which is reached through the gateway; Alex approves',
      async does() {
        await dana.closes();
        await dana.types('/register translation');
        await dana.picks('Application', 'Web Shop');
        await dana.writes('Reason', 'The shop opens in France');
        await dana.submits('Request access');
        await dana.closes();
        await alex.presses('Approve', translation, 'the card of the Translation API');
      },
      sees: [
        { who: alex, where: requests, reads: /Translation API.*Access open since/s },
        { who: dana, where: 'messages', reads: /Translation API.*access is open.*\[Get key\]/s },
      ],
    },
    {
      title: 'Dana gets a key, and calls the API',
      async does() {
        await dana.presses('Get key', { in: 'messages', on: /Translation API/ }, 'the message');
        await dana.copiesKey();
        await dana.closes();
        await dana.calls('/translation');
      },
      sees: [
        { who: dana, where: 'gateway', reads: /\/translation: 200/ },
        { who: dana, where: 'messages', reads: /The key that ends in .* was made by @dana/ },
      ],
    },
    {
      title: 'Alex revokes it: the gateway lets nothing through any more',
      async does() {
        await alex.presses('Revoke', translation, 'the card of the Translation API');
        await alex.writes('Reason', 'The launch in France is put off');
        await alex.submits('Revoke');
        await workspace.until(() => allGroups() === '', {
          what: 'the gateway has taken it away',
        });
        await dana.calls('/translation');
      },
      sees: [
        { who: dana, where: 'gateway', reads: /\/translation: 403/ },
        { who: alex, where: requests, reads: /Translation API.*Revoked by @alex/s, without: /still open/ },
      ],
    },
  ];
}
