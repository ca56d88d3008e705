/** What the API team and the owners read of an approval beyond the decision: a note, and that access has ended. */
import { describe, expect, it } from 'vitest';
import { opens, shares } from '../support/applications.ts';
import { storyModes } from '../support/bot.ts';
import { delivered } from '../support/outbox.ts';
import type { Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;

/** The replies in the thread of each card, by what the card's text says. */
const replies = ({ workspace }: Scenario, about: RegExp) => {
  const all = workspace.messages('api-requests');
  const [card] = all.filter(({ text, thread_ts }) => about.test(text) && !thread_ts);
  return all.filter(({ thread_ts }) => thread_ts !== undefined && thread_ts === card?.ts);
};

describe.each(storyModes)('over %s', (mode) => {
  it('access that ends leaves a reply in the thread of its card: given up, deleted, or with its application', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    const catalogued = ['Payments API', 'Ledger API'];
    await asks(dana, catalogued, 'Shop');
    await alex.finds(/Ledger API/, inChannel);
    for (const name of catalogued) {
      await alex.clicks('Approve', { ...inChannel, on: new RegExp(name) });
      await dana.finds(new RegExp(`Approved by @alex\nService {2}${name}`));
      await alex.finds(new RegExp(`${name} for Shop · approved`), inChannel);
    }
    await requests(dana, alex, 'Payments API', 'Till');

    await dana.types('/unregister');
    await dana.picks('Registration', 'Payments API — Shop');
    await dana.submits();
    await dana.closes();
    await alex.finds(
      /Shop no longer has access to Payments API: unregistered by @dana\. Close what is still open/,
      inChannel,
    );
    await alex.clicks('Delete request', { ...inChannel, on: /Ledger API/ });
    await alex.finds(/Shop no longer has access to Ledger API: deleted by @alex/, inChannel);
    // What never had access leaves none.
    await dana.types('/unregister');
    await dana.picks('Registration', 'Payments API — Till');
    await dana.submits();
    await dana.closes();
    await delivered(scenario);
    expect(replies(scenario, /Payments API for Shop/)).toHaveLength(1);
    expect(replies(scenario, /Ledger API for Shop/)).toHaveLength(1);
    expect(replies(scenario, /for Till/)).toEqual([]);

    // The menu of a pending card offers a note too, so that Delete asks with a form.
    await requests(dana, alex, 'Payments API', 'Stall');
    await alex.clicks('Delete request', { ...inChannel, on: /Stall/ });
    await alex.finds(/Payments API for Stall, requested by @dana\nIts owners can ask again/, { in: 'modal' });
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.finds(/Stall · deleted/, inChannel);
    expect(replies(scenario, /for Stall/)).toEqual([]);

    // The answer to the post is lost: it is found again in the thread.
    await requests(dana, alex, 'Payments API', 'Kiosk');
    await alex.clicks('Approve', { ...inChannel, on: /Kiosk/ });
    await dana.finds(/Approved by @alex\nService {2}Payments API\nApplication {2}Kiosk/);
    workspace.fail(
      'chat.postMessage',
      { kind: 'accept-then-drop' },
      { when: ({ thread_ts }) => thread_ts !== undefined },
    );
    await dana.opensHome();
    await opens(dana, 'Delete', /^Kiosk/m, /Delete application/);
    await dana.fills('Type the name of the application to delete it', 'Kiosk');
    expect(await dana.submits()).toEqual({ closed: true });
    await alex.finds(/Kiosk no longer has access to Payments API: unregistered by @dana/, inChannel);
    await delivered(scenario);
    expect(replies(scenario, /Payments API for Kiosk/)).toHaveLength(1);
  });

  it('an approval can carry a note, which every owner and the card show', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam, alex, priya } = people(scenario);
    await requests(dana, alex);
    await shares(dana, /^Shop/m, sam);
    await alex.clicks('Approve with a note', inChannel);
    expect(await alex.finds(/Approve with a note/, { in: 'modal' })).toMatch(
      /^== Approve with a note ==\nPayments API for Shop, requested by @dana\nNote: /,
    );
    await alex.fills('Note', '  ');
    expect(await alex.submits()).toEqual({ errors: { Note: expect.stringMatching(/^Write/) } });
    await alex.fills('Note', 'At most 10 calls a second.\n<!channel>');
    expect(await alex.submits()).toEqual({ closed: true });
    for (const owner of [dana, sam]) {
      expect(await owner.finds(/Approved by @alex/)).toContain('> At most 10 calls a second.\n> <!channel>');
    }
    expect(await priya.finds(/Approved by @alex/, inChannel)).toContain('> At most 10 calls a second.');

    // From Home too; and a form that was open while the other decided says so.
    await requests(dana, alex, 'Ledger API');
    await priya.opensHome();
    await priya.finds(/Ledger API/, { in: 'home' });
    await priya.clicks('Approve with a note', { in: 'home' });
    await priya.fills('Note', 'Welcome');
    await alex.clicks('Approve', { ...inChannel, on: /Ledger API/ });
    await dana.finds(/Approved by @alex\nService {2}Ledger API/);
    await priya.submits();
    expect(priya.reads).toMatch(/Approve with a note ==\n.*already approved by @alex/);
    expect(
      await scenario.database.sql`select action, reason from history where action = 'approve' order by at`,
    ).toEqual([
      { action: 'approve', reason: 'At most 10 calls a second.\n<!channel>' },
      { action: 'approve', reason: null },
    ]);
  });
});
