/** Whom a decision reaches: every owner of the application, each once for each act, and no one else. */
import { describe, expect, it } from 'vitest';
import { handsOver, shares } from '../support/applications.ts';
import { storyModes } from '../support/bot.ts';
import { mailing, openMailServer } from '../support/mail-server.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;
const decisions = (told: string[]) =>
  told.filter((text) => /^:\w+: (Approved|Rejected|Revoked|Reinstated|Deleted)/.test(text));

describe.each(storyModes)('over %s', (mode) => {
  it('every owner reads a decision, by message and by mail; a former owner who asked reads none', async () => {
    await using mail = await openMailServer();
    const env = mailing(mail);
    await using scenario = await sharedScenarios({ mode, env }).open();
    const { dana, sam, lee, alex } = people(scenario);
    await requests(dana, alex);
    await shares(dana, /^Shop/m, sam);
    await alex.clicks('Approve', inChannel);
    await sam.finds(/^:white_check_mark: Approved by @alex\nService {2}Payments API\nApplication {2}Shop/);
    await dana.finds(/Approved by @alex/);
    await delivered(scenario);
    expect(mail.letters.flatMap(({ recipients }) => recipients).sort()).toEqual([
      'dana@acme.example',
      'sam@acme.example',
    ]);

    await handsOver(dana, /^Shop/m, lee);
    await delivered(scenario);
    await alex.clicks('Revoke', inChannel);
    await alex.fills('Reason', 'Keys were leaked');
    await alex.submits();
    await lee.finds(/Revoked by @alex[\s\S]*> Keys were leaked/);
    await delivered(scenario);
    expect([dana, sam, lee].map(({ told }) => decisions(told).length)).toEqual([1, 2, 1]);
    expect(
      mail.letters
        .slice(2)
        .flatMap(({ recipients }) => recipients)
        .sort(),
    ).toEqual(['lee@acme.example', 'sam@acme.example']);
  });

  it('what one form has approved at once is one message to each owner, with all services', async () => {
    await using mail = await openMailServer();
    const env = mailing(mail);
    const names = ['Alpha', 'Beta', 'Gamma', 'Delta'];
    const catalog = `services:\n${names.map((name) => `  - { slug: ${name.toLowerCase()}, name: ${name} API, approval: auto, docs: 'https://docs.acme.example/${name}' }\n`).join('')}  - { slug: ledger, name: Ledger API }\n`;
    await using scenario = await openScenario({ mode, env, catalog });
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex, 'Ledger API');
    await shares(dana, /^Shop/m, sam);
    await asks(
      sam,
      names.map((name) => `${name} API`),
      'Shop',
    );
    await delivered(scenario);
    for (const owner of [dana, sam]) {
      expect(decisions(owner.told)).toEqual([
        `:white_check_mark: Approved automatically
${names.map((name) => `Service  ${name} API`).join('\n')}
Application  Shop
Shop can now use ${names.map((name) => `${name} API`).join(', ')}. Read the docs: ${names.map((name) => `${name} API (https://docs.acme.example/${name})`).join(', ')}.`,
      ]);
    }
    expect(mail.letters.map(({ recipients, subject }) => [...recipients, subject]).sort()).toEqual([
      ['dana@acme.example', 'Approved: Alpha API and 3 more for Shop'],
      ['sam@acme.example', 'Approved: Alpha API and 3 more for Shop'],
    ]);
  });

  it('what one form has requested is one receipt, which stays when the form is closed, and keeps to what was true then', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API', 'Search API'], 'Shop');
    await dana.closes();
    const receipt = await dana.finds(/You sent/);
    const lines = receipt.split('\n');
    expect(lines.slice(0, -1)).toEqual([
      ':memo: You sent 3 requests.',
      'Sent for review  Payments API, to the API team',
      'Sent for review  Ledger API, to the API team',
      'Approved automatically  Search API',
      'Application  Shop',
    ]);
    expect(lines.at(-1)).toMatch(/^· Requested today at \d\d:\d\d\. You’ll hear of each decision here\./);
    await delivered(scenario);
    // In the channel a card for each, and one line where there is nothing to decide.
    const cards = alex.sees('api-requests');
    expect(cards.map((card) => card.split('\n')[0]).toSorted()).toEqual([
      '⏳ Ledger API for Shop',
      '⏳ Payments API for Shop',
      '✅ Search API for Shop · approved automatically',
    ]);
    expect(cards.find((card) => card.startsWith('✅ Search API'))).toMatch(
      /^.*\n“Checkout for the shop”\nRequested by @dana .* \[… History \| Revoke \| Delete request\]$/,
    );
    await alex.clicks('Approve', { ...inChannel, on: /Payments API/ });
    await dana.finds(/Approved by @alex/);
    await delivered(scenario);
    // Who cannot see the card is led to their own message: the receipt, and then the decision.
    const [decision] = scenario.workspace.directMessages(dana.id).filter(({ text }) => /^Approved by/.test(text));
    await dana.opensHome();
    const home = await dana.finds(/Ledger API/, { in: 'home' });
    expect(home).toMatch(
      /Ledger API\n:hourglass\S+ Pending[^\n]*\nMessage \(https:\/\/acme.slack.com\/archives\/D0DANA\/p\d+\)/,
    );
    expect(home).toContain(`/D0DANA/p${decision?.ts.replace('.', '')})`);
    // The receipt, what was approved at once, and the decision.
    expect(dana.told).toHaveLength(3);
    expect(dana.told).toContain(receipt);
    expect(sam.told).toEqual([]);
  });

  it('an owner who has left Slack is not told, and nothing of it is put aside', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { workspace, database } = scenario;
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex);
    await shares(dana, /^Shop/m, sam);
    await delivered(scenario);
    // While the bot was away, so that no one has told it.
    workspace.member('sam').deleted = true;
    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
    await delivered(scenario);
    expect(await database.sql`select kind, cause from outbox where dead_at is not null`).toEqual([]);
  });

  it('what an earlier version put into the outbox still reaches the requester', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await scenario.database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      values ('outbox', 'notice:1', 0, true, '{"kind": "notice", "registration": 1, "version": 2}')`;
    await delivered(scenario);
    expect(decisions(dana.told)).toEqual([]);
    await scenario.bot.stop();
    await scenario.database.sql`
      with decided as (update registrations set status = 'approved', version = 2, changed_by = 'U0ALEX' returning id)
      insert into history (registration_id, version, actor, action, from_status, to_status, at)
      select id, 2, 'U0ALEX', 'approve', 'pending', 'approved', now() from decided`;
    await scenario.database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      values ('outbox', 'notice:1', 0, true, '{"kind": "notice", "registration": 1, "version": 2}')`;
    await scenario.startAnother();
    await dana.finds(/^:white_check_mark: Approved by @alex/);
    await delivered(scenario);
    expect(decisions(dana.told)).toHaveLength(1);
  });
});
