/** The Home is right in the end: whatever changes while it is published, and however Slack fails to take it. */
import { describe, it } from 'vitest';
import type { Fault } from '../local-slack/model.ts';
import { eventually } from '../support/eventually.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const scenarios = sharedScenarios();

const atHome = { in: 'home' } as const;

const published = ({ workspace }: Scenario, person: { id: string }) =>
  workspace.calls.filter(({ method, args }) => method === 'views.publish' && args.user_id === person.id);

describe.concurrent('Home', () => {
  it('a change during a publish is published afterwards', async () => {
    await using scenario = await scenarios.open();
    const { dana, alex } = people(scenario);
    await alex.opensHome();
    await alex.finds(/Nothing to review/, atHome);
    const held = scenario.workspace.hold('views.publish');
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await held.reached;
    await asks(dana, ['Ledger API'], 'Shop');
    await alex.finds(/Ledger API/, { in: 'api-requests' });
    await eventually('the second request has been told of', async () => {
      const [{ said = 0, left = 0 } = {}] = await scenario.database.sql`
        select (select count(*)::int from history) said, (select count(*)::int from outbox where kind = 'homes') "left"`;
      return said === 2 && left === 0;
    });
    held.release();
    await alex.finds(/Payments API — Shop[\s\S]*Ledger API — Shop/, atHome);
  });

  it('with two replicas and many changes, is published at most once a second, and is right in the end', async ({
    expect,
  }) => {
    await using scenario = await scenarios.open();
    await scenario.startAnother();
    const { dana, alex } = people(scenario);
    await alex.opensHome();
    await alex.finds(/Nothing to review/, atHome);
    for (const application of ['A', 'B', 'C', 'D', 'E']) {
      await asks(dana, ['Payments API', 'Ledger API'], application);
      await dana.closes();
    }
    await alex.finds(/Ledger API — E/, atHome);
    await delivered(scenario);
    expect(alex.sees('home')[0]?.match(/API — [A-E]/g)).toHaveLength(10);
    const [, ...redraws] = published(scenario, alex).map(({ at }) => at);
    const pauses = redraws.slice(1).map((at, index) => at - (redraws[index] ?? 0));
    expect(redraws.length).toBeLessThan(10);
    expect(pauses.filter((pause) => pause < 1_000)).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['is limited (429)', { kind: 'rate-limited', retryAfter: 1 }],
    ['fails (500)', { kind: 'server-error' }],
    ['cuts the connection', { kind: 'reset' }],
    ['draws it and cuts the connection', { kind: 'accept-then-drop' }],
  ])('where Slack %s, is right in the end', async (_, fault) => {
    await using scenario = await scenarios.open();
    const { dana, alex } = people(scenario);
    scenario.workspace.fail('views.publish', fault);
    await alex.opensHome();
    await alex.finds(/Nothing to review/, atHome);
    scenario.workspace.fail('views.publish', fault);
    await asks(dana, ['Payments API'], 'Shop');
    await alex.finds(/Payments API — Shop/, atHome);
  });

  it('the Home of a user who has left Slack is dropped, and delays no other', async ({ expect }) => {
    await using scenario = await openScenario({ env: { APPROVERS: 'U0ALEX,U0PRIYA' } });
    const { dana, alex, priya } = people(scenario);
    for (const person of [alex, priya]) {
      await person.opensHome();
      await person.finds(/Nothing to review/, atHome);
    }
    await scenario.workspace.deactivate('priya');
    await asks(dana, ['Payments API'], 'Shop');
    await alex.finds(/Payments API — Shop/, atHome);
    await delivered(scenario);
    const { sql } = scenario.database;
    expect(await sql`select user_id from homes`).toEqual([{ user_id: alex.id }]);
    expect(await sql`select from outbox where dead_at is not null`).toHaveLength(0);
  });

  it('links to a message and a card once they are posted, also where Slack takes its time', async ({ expect }) => {
    await using scenario = await scenarios.open();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    // Who cannot see the card is led to their own message.
    for (const [person, application, link] of [
      [dana, 'Shop', /Shop\n[\s\S]*Message \(https:\/\/acme\.slack\.com\/archives\/D0DANA\/p\d+\)/],
      [alex, 'Desk', /Desk\n[\s\S]*Card \(https:\/\/acme\.slack\.com\/archives\/C0REQUESTS\/p\d+\)/],
    ] as const) {
      await person.opensHome();
      await person.finds(/Your applications/, atHome);
      const place = person === dana ? dana.id : 'C0REQUESTS';
      const held = workspace.hold('chat.postMessage', ({ channel }) => channel === place);
      await asks(person, ['Payments API'], application);
      await person.closes();
      await held.reached;
      const pending = await person.finds(new RegExp(`${application}\\n[\\s\\S]*Pending`), atHome);
      expect(pending).not.toMatch(link);
      held.release();
      await person.finds(link, atHome);
    }

    // One that was deleted is posted again, elsewhere.
    const [old = ''] =
      alex
        .sees('home')
        .join()
        .match(/C0REQUESTS\/p\d+/) ?? [];
    const card = workspace.messages('C0REQUESTS').find(({ ts }) => old.endsWith(ts.replace('.', '')));
    await workspace.deleteMessage('C0REQUESTS', card?.ts ?? '');
    const held = workspace.hold('chat.postMessage', ({ channel }) => channel === 'C0REQUESTS');
    await alex.clicks('Rename', atHome);
    await alex.fills('Name', 'Counter');
    await alex.submits();
    await held.reached;
    await alex.finds(/Counter\n/, atHome);
    held.release();
    const again = await alex.finds(new RegExp(`Counter\\n(?![\\s\\S]*${old})[\\s\\S]*Card \\(`), atHome);
    expect(again).toContain('/archives/C0REQUESTS/p');
  });
});
