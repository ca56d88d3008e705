/** Home as a page: what a developer, an approver and an admin find there, and what each act says before it is done. */
import type { KnownBlock } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { shares } from '../support/applications.ts';
import { type Mode, storyModes } from '../support/bot.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;
const atHome = { in: 'home' } as const;

const others = Array.from({ length: 8 }, (_, index) => ({ slug: `other-${index}`, name: `Other ${index} API` }));
const catalog = JSON.stringify({
  services: [
    {
      slug: 'payments',
      name: 'Payments API',
      description: 'Charges and refunds',
      docs: 'https://docs.acme.example/payments',
      approvers: ['U0PRIYA', 'U0ALEX'],
    },
    { slug: 'closed', name: 'Closed API', registration: 'disabled' },
    ...others,
  ],
});

const open = (mode: Mode) => openScenario({ mode, catalog, now: () => new Date('2026-11-02T09:15:00Z') });

/** What the buttons of a Home ask before they act, by the service that they are about. */
function confirmations({ workspace }: Scenario, person: { id: string }): string[] {
  const found: string[] = [];
  JSON.stringify(workspace.home(person.id)?.blocks as KnownBlock[], (key, value) => {
    if (key === 'confirm' && 'title' in value)
      found.push(`${value.title.text} ${value.text.text} [${value.confirm.text}]`);
    return value;
  });
  return found;
}

describe.each(storyModes)('over %s', (mode) => {
  it('applications are headings with their owners and a menu; under each its services, with state and links', async () => {
    await using scenario = await open(mode);
    const { dana, sam, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Other 1 API', 'Other 2 API'], 'Shop');
    await dana.closes();
    await alex.finds(/Other 2 API/, inChannel);
    await alex.clicks('Approve', { ...inChannel, on: /Payments API/ });
    await dana.finds(/Approved by/);
    await alex.clicks('Reject', { ...inChannel, on: /Other 1 API/ });
    await alex.fills('Reason', 'Not yet');
    await alex.submits();
    await dana.finds(/Rejected by/);
    await shares(dana, /^Shop/m, sam);
    await delivered(scenario);
    await dana.finds(/Owners: @dana, @sam/, atHome);
    const [mine = ''] = dana.sees('home').join('\n').split('\nCatalog\n');
    expect(mine.replace(/\/p\d+/g, '/p…')).toMatchInlineSnapshot(`
      "[Register] [New application]
      Your applications
      Shop
      Owners: @dana, @sam [… Rename | Co-owners | Hand over | Leave | Delete]
      Other 1 API
      :no_entry_sign: Rejected today at 09:15.
      Message (https://acme.slack.com/archives/D0DANA/p…)
      [Ask again] [Unregister]
      Other 2 API
      :hourglass_flowing_sand: Pending since today at 09:15, waiting for the API team.
      Message (https://acme.slack.com/archives/D0DANA/p…) [… Edit reason]
      [Unregister]
      Payments API
      :white_check_mark: Approved today at 09:15.
      Documentation (https://docs.acme.example/payments) · Message (https://acme.slack.com/archives/D0DANA/p…)
      [Unregister]"
    `);
    // Each act has one name, and says what is lost by it: only what there was.
    expect(confirmations(scenario, dana)).toMatchInlineSnapshot(`
      [
        "Remove this request? The rejected request for Other 1 API by Shop leaves your list. You can ask again. [Remove]",
        "Withdraw this request? The approvers will no longer see the request for Other 2 API by Shop. You can ask again. [Withdraw]",
        "Give up Payments API? Shop loses access to Payments API. You can ask again later. [Give up]",
      ]
    `);

    // Who can see the card is led to it.
    await asks(alex, ['Other 3 API'], 'Desk');
    await alex.closes();
    await alex.opensHome();
    await alex.finds(/Desk\n[\s\S]*Card \(https:\/\/acme\.slack\.com\/archives\/C0REQUESTS\/p\d+\)/, atHome);
  });

  it('an approver finds the queue first, and its filters only where the list is long', async () => {
    await using scenario = await open(mode);
    const { dana, priya } = people(scenario);
    const names = ['Payments API', ...others.map(({ name }) => name)];
    await asks(dana, names, 'Shop');
    await dana.closes();
    await priya.opensHome();
    expect(await priya.finds(/To review \(9\)/, atHome)).toMatch(
      /^\[Register\] \[New application\]\nTo review \(9\)\n[\s\S]*\nYour applications\n[\s\S]*\nCatalog\n/,
    );
    expect(priya.sees('home').join()).not.toMatch(/^(Service|Application): /m);
    await asks(dana, ['Payments API'], 'Till');
    await dana.closes();
    await priya.finds(/To review \(10\)\n[\s\S]*Service: ‹All services›\nApplication: ‹›/, atHome);
  });

  it('everyone browses the catalog and requests from it; an admin has a menu at each service, and what is usual is said once', async () => {
    await using scenario = await open(mode);
    const { dana, alex } = people(scenario);
    await dana.opensHome();
    const seen = await dana.finds(/Catalog\n/, atHome);
    expect(seen).toContain(
      'Payments API\nCharges and refunds\nDecided by @priya or @alex\nDocumentation (https://docs.acme.example/payments) [Register]',
    );
    expect(seen).toContain('Closed API\nRegistration disabled\nOther 0 API [Register]');
    expect(seen.match(/Decided by/g)).toHaveLength(1);
    expect(seen).toContain('· The API team can decide, unless a service says otherwise.');
    expect(seen).not.toMatch(/Edit|Retire|managed by/);
    await dana.clicks('Register', { ...atHome, on: /Payments API/ });
    await dana.finds(/== Register an application ==\nServices: Payments API\n/, { in: 'modal' });

    await alex.opensHome();
    const managed = await alex.finds(/Catalog\n/, atHome);
    expect(managed.match(/Services without Edit are managed by the catalog file\./g)).toHaveLength(1);
    expect(managed).toContain('[… History]');
    await alex.clicks('Add a service', atHome);
    await alex.fills('Name', 'Maps API');
    await alex.submits();
    // The review shows its answer at the top.
    await alex.finds(/^== Add a service ==\n:mag: Nothing is saved yet\./, { in: 'modal' });
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.fills('Find a service', 'maps', atHome);
    await alex.finds(
      /Maps API\n`maps-api` · Registration enabled \[… Edit \| Disable registration \| Switch auto approval on \| Retire \| History\]/,
      atHome,
    );
  });
});
