/** The story of the tour: what people do, and what they must then be able to read. */
import type { Message } from '../local-slack/model.ts';
import { readable } from '../local-slack/transcript.ts';
import { day } from './clock.ts';
import { Player } from './player.ts';
import type { System } from './system.ts';
import type { Teller } from './teller.ts';
import type { Chapter } from './tour.ts';

const requests = 'api-requests';

export function story(system: System, teller: Teller): Chapter[] {
  const { workspace, gateway, clock } = system;
  const [dana, alex, priya, lee] = ['dana', 'alex', 'priya', 'lee'].map((name) => new Player(system, name, teller)) as [
    Player,
    Player,
    Player,
    Player,
  ];

  const orders = { in: requests, on: /Orders API/ };
  const payments = { in: requests, on: /Payments API/ };
  const search = { in: requests, on: /Search API/ };
  const tax = { in: requests, on: /Tax API/ };
  const weather = { in: requests, on: /Weather API/ };
  const translation = { in: requests, on: /Translation API/ };
  const home = { in: 'home' };
  const buttons = /\[(Approve|Reject)\]/;
  /** Of a card: what it is about, and what can be done. */
  const title = / for (Web )?Shop|^\[/;

  /** The consumers of the gateway that reach the Translation API. */
  const reaching = () => [...gateway.store.acls.values()].filter(({ group }) => group === 'translation');

  /** What Dana's application is called. */
  let shop = 'Shop';

  /** The card as a screen that lags behind shows it: still to be decided. */
  let lagging: Message | undefined;

  async function asks(who: Player, service: string, application: string, reason: string): Promise<void> {
    await who.types(`/register ${service}`);
    await who.picks('Application', application);
    await who.writes('Reason', reason);
    await who.submits('Request access');
  }

  return [
    {
      title: 'Dana requests two services for a new application. The requests are cards in a channel of the approvers',
      steps: [
        {
          title: 'Dana requests two services at once, for a new application',
          async does() {
            await dana.types('/register');
            await dana.picks('Services', 'Orders API', 'Payments API');
            await dana.picks('Application', 'Shop');
            await dana.writes('Reason', 'The new shop takes orders and card payments');
            await dana.submits('Request access');
          },
          sees: [
            { who: dana, where: 'modal', reads: /under review.*Orders API.*Payments API/s },
            {
              who: alex,
              where: requests,
              reads: /⏳ Orders API.*Requested by +@dana.*\[Approve\] \[Reject\]/s,
              gist: title,
            },
            {
              who: priya,
              where: requests,
              reads: /⏳ Payments API.*@payments-leads.*\[Approve\] \[Reject\]/s,
              gist: title,
            },
          ],
        },
      ],
      more: [
        {
          title: 'Alex cannot decide about payments, which have approvers of their own',
          does: () => alex.presses('Approve', payments, 'the card of the Payments API'),
          sees: [{ who: alex, where: 'whispered', reads: /^Only @payments-leads (may|can)/ }],
        },
        {
          title: 'Alex requests a service too, and cannot decide his own request',
          async does() {
            await asks(alex, 'tax', 'Billing', 'Sales tax on invoices');
            await alex.presses('Approve', tax, 'the card of the Tax API');
          },
          sees: [{ who: alex, where: 'whispered', reads: /^You can’t decide your own request/ }],
        },
      ],
    },
    {
      title: 'Alex approves one, with a click',
      steps: [
        {
          title: 'Alex approves the Orders API',
          async does() {
            lagging = workspace.messages(requests).find((message) => orders.on.test(readable(workspace, message)));
            await alex.presses('Approve', orders, 'the card of the Orders API');
          },
          sees: [
            {
              who: priya,
              where: requests,
              reads: /Orders API.*Approved by @alex/s,
              without: buttons,
              gist: /for Shop|Approved/,
            },
            {
              who: dana,
              where: 'messages',
              reads: /Approved by @alex.*Orders API.*Shop/s,
              gist: /Approved|Orders API/,
            },
          ],
        },
      ],
      more: [
        {
          title: 'Priya comes too late: her screen still shows the Orders API as waiting',
          async does() {
            if (!lagging) throw new Error('the card of the Orders API was never there');
            await priya.presses('Reject', { in: requests, on: lagging }, 'the old card of the Orders API');
          },
          sees: [
            { who: priya, where: 'whispered', reads: /already approved by @alex/ },
            { who: dana, where: 'messages', reads: /Approved by @alex.*Orders API/s },
          ],
        },
        {
          title: 'Priya approves the Tax API for Alex',
          does: () => priya.presses('Approve', tax, 'the card of the Tax API'),
          sees: [{ who: alex, where: 'messages', reads: /Approved by @priya.*Tax API/s }],
        },
        {
          title: 'Dana requests a service that is approved automatically',
          does: () => asks(dana, 'search', 'Shop', 'Customers want to find things'),
          sees: [
            { who: dana, where: 'modal', reads: /approved.*Search API/is },
            { who: dana, where: 'messages', reads: /Approved automatically.*Search API/s },
            { who: alex, where: requests, reads: /Search API.*approved automatically/is, without: buttons },
          ],
        },
      ],
    },
    {
      title: 'Priya rejects the other, and says why',
      steps: [
        {
          title: 'Priya rejects the Payments API, and says why',
          async does() {
            await priya.presses('Reject', payments, 'the card of the Payments API');
            await priya.writes('Reason', 'Use the Subscriptions API: it takes the cards for you');
            await priya.submits('Reject');
          },
          sees: [
            {
              who: alex,
              where: requests,
              reads: /Rejected by @priya.*Subscriptions API/s,
              without: buttons,
              gist: /for Shop|^>.*Subscriptions/,
            },
            {
              who: dana,
              where: 'messages',
              reads: /Rejected by @priya.*Payments API.*Subscriptions API/s,
              gist: /Rejected|Payments API|^>/,
            },
            { who: dana, where: 'mail', reads: /^Rejected: Payments API for Shop.*by Priya Raman.*Subscriptions API/s },
          ],
        },
      ],
      more: [
        {
          title: 'Dana requests the Shipping API, and gives a better reason in Home while it waits',
          async does() {
            await asks(dana, 'shipping', 'Shop', 'Parcels');
            await dana.opensHome();
            await dana.presses('Edit reason', home, 'what waits');
            await dana.writes('Reason', 'Labels for the parcels of the new shop');
            await dana.submits('Save');
          },
          sees: [
            { who: alex, where: requests, reads: /Shipping API.*> Labels for the parcels.*Reason edited by @dana/s },
            { who: dana, where: 'home', reads: /Shipping API\n.*Pending/s },
          ],
        },
      ],
    },
    {
      title: 'Dana gives up what the shop no longer needs',
      steps: [
        {
          title: 'Dana unregisters the Orders API',
          async does() {
            await dana.types('/unregister');
            await dana.picks('Registration', 'Orders API — Shop (approved)');
            await dana.submits('Unregister');
          },
          sees: [
            { who: dana, where: 'modal', reads: /Unregistered.*Orders API/s },
            {
              who: alex,
              where: requests,
              reads: /Orders API.*Unregistered by @dana/s,
              without: /\[Approve\]|\[Revoke\]/,
              gist: /for Shop|Unregistered/,
            },
          ],
        },
      ],
      more: [
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
          title: 'The key was replaced: Alex reinstates the Search API',
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
          title: 'Alex adds a service that Lee decides about',
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
          title: 'Alex has read who would be asked, and saves it; Dana requests it',
          async does() {
            await alex.submits('Save');
            await asks(dana, 'weather', 'Shop', 'Vans that are late because of snow');
          },
          sees: [
            { who: dana, where: 'modal', reads: /Weather API.*@lee/ },
            { who: alex, where: requests, reads: /⏳ Weather API.*@lee can decide.*\[Approve\] \[Reject\]/s },
          ],
        },
        {
          title: 'The admin of the workspace does not decide about it',
          does: () => alex.presses('Approve', weather, 'the card of the Weather API'),
          sees: [{ who: alex, where: 'whispered', reads: /^Only @lee (may|can)/ }],
        },
        {
          title: 'Lee does, in Home: the channel is private, and Lee is not in it',
          async does() {
            await lee.opensHome();
            await lee.presses('Approve', { ...home, on: /Weather API|\[Approve\]/ }, 'the request for the Weather API');
          },
          sees: [{ who: dana, where: 'messages', reads: /Approved by @lee.*Weather API/s }],
        },
        {
          title: 'Dana renames the Shop, and its cards follow',
          async does() {
            await dana.opensHome();
            await dana.presses('Rename', { ...home, on: /^Shop/ }, 'the menu of the Shop');
            await dana.writes('Name', 'Web Shop');
            await dana.submits('Rename');
            shop = 'Web Shop';
          },
          sees: [
            { who: alex, where: requests, reads: /⏳ Shipping API for Web Shop/ },
            { who: dana, where: 'home', reads: /Web Shop.*Shipping API/s },
          ],
        },
      ],
    },
    {
      title:
        'Two requests wait for a day: the approvers get one reminder of both, and Dana reads that they were reminded',
      steps: [
        {
          title: 'A day passes without an answer',
          async does() {
            await dana.types('/register');
            await dana.picks('Services', 'Invoicing API', 'Tax API');
            await dana.picks('Application', shop);
            await dana.writes('Reason', 'The new shop sends invoices');
            await dana.submits('Request access');
            teller.action('A day', 'passes');
            await system.moveTo(clock.ahead + day);
          },
          sees: [
            {
              who: alex,
              where: requests,
              reads: /^:bell: \d requests are waiting.*Invoicing API — (Web )?Shop.*Tax API — (Web )?Shop/s,
              without: /Payments API|Search API|Orders API|Weather API/,
              gist: /bell|🔔|— /,
            },
            {
              who: dana,
              where: 'messages',
              reads: /\d of your requests are still waiting.*Invoicing API.*\[Withdraw\]/s,
              gist: /still waiting/,
            },
          ],
        },
      ],
      more: [],
    },
    {
      title: 'An approval opens the gateway, and a revocation closes it',
      steps: [
        {
          title: 'Dana requests the Translation API, which is behind a gateway; Alex approves',
          async does() {
            await asks(dana, 'translation', shop, 'The shop opens in France');
            await alex.presses('Approve', translation, 'the card of the Translation API');
          },
          sees: [
            {
              who: alex,
              where: requests,
              reads: /Translation API.*Access open since/s,
              gist: /for (Web )?Shop|Access open/,
            },
            {
              who: dana,
              where: 'messages',
              reads: /Translation API.*access is open.*\[Get key\]/s,
              gist: /access is open|\[/,
            },
          ],
        },
        {
          title: 'Dana gets a key, and calls the API',
          async does() {
            await dana.presses('Get key', { in: 'messages', on: /Translation API/ }, 'the message');
            await dana.copiesKey();
            await dana.calls('/translation');
          },
          sees: [
            { who: dana, where: 'gateway', reads: /\/translation: 200/ },
            { who: dana, where: 'messages', reads: /The key that ends in .* was made by @dana/, gist: /The key/ },
          ],
        },
        {
          title: 'Alex revokes it, and the gateway refuses the key',
          async does() {
            await alex.presses('Revoke', translation, 'the card of the Translation API');
            await alex.writes('Reason', 'The launch in France was canceled');
            await alex.submits('Revoke');
            await workspace.until(() => reaching().length === 0, { what: 'no consumer reaches the Translation API' });
            await dana.calls('/translation');
          },
          sees: [
            { who: dana, where: 'gateway', reads: /\/translation: 403/ },
            {
              who: alex,
              where: requests,
              reads: /Translation API.*Revoked by @alex/s,
              without: /still open/,
              gist: /for (Web )?Shop/,
            },
          ],
        },
      ],
      more: [],
    },
  ];
}
