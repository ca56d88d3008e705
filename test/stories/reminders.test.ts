/** Reminders in the channels, as days pass: who is told what, and that there is never more than one of them. */
import { describe, expect, it } from 'vitest';
import { channel, group, person, seed } from '../local-slack/seed.ts';
import { readable } from '../local-slack/transcript.ts';
import { openTimedScenario, type TimedScenario } from '../support/clock.ts';
import { holdTicks, waitForBlocked } from '../support/locks.ts';
import { asks, people } from '../support/steps.ts';

const catalog = `services:
  - slug: payments
    name: Payments API
    channel: C0PAY
    approvers: [U0PRIYA, U0GONE, U0DANA, S0LEADS, S0DANAS]
  - slug: ledger
    name: Ledger API
  - slug: search
    name: Search API
`;

/** Priya and the leads decide about payments; Gone has left. */
const company = () =>
  seed({
    members: [person('gone', { deleted: true })],
    groups: [group('S0LEADS', 'leads', ['U0GONE', 'U0ALEX', 'U0LEE']), group('S0DANAS', 'danas', ['U0DANA', 'U0GONE'])],
    channels: [
      channel('C0PAY', 'payments', ['U0PRIYA', 'U0REGISTRAR']),
      channel('C0LEADS', 'leads', ['U0ALEX', 'U0REGISTRAR']),
    ],
  });

const reminders = ({ scenario }: TimedScenario, where: string) =>
  scenario.workspace.messages(where).filter(({ text }) => /waiting for a decision/.test(text));

const read = (timed: TimedScenario, where: string) =>
  reminders(timed, where).map((message) =>
    readable(timed.scenario.workspace, message).replace(/\(https:\S+\)/g, '(link)'),
  );

const idsMentioned = (timed: TimedScenario, where: string) =>
  reminders(timed, where).map(({ blocks, text }) =>
    [...JSON.stringify([blocks, text]).matchAll(/<(?:@|!subteam\^)(\w+)>|"user_id":"(\w+)"/g)].map(([, id]) => id),
  );

/** Looks at every change of the workspace, so that not even for an instant two stand in a channel. */
function watch(timed: TimedScenario): string[] {
  const twice: string[] = [];
  timed.scenario.workspace.onChange(() => {
    for (const where of ['payments', 'api-requests', 'leads'])
      if (reminders(timed, where).length > 1) twice.push(where);
  });
  return twice;
}

describe('as the days pass', () => {
  it('the channels, the requester, the escalation channel and the admins each get their reminders, and no others', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
      catalog,
      seed: company(),
      env: { ESCALATION_CHANNEL: 'C0LEADS' },
    });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { dana, sam, alex, priya } = people(scenario);
    const twice = watch(timed);
    await asks(dana, ['Payments API', 'Ledger API'], '<!channel> & co');
    await dana.closes();
    await untilDelivered();

    // Half an hour late, as after a sleep: the tick is made up, once.
    await advanceTo('2026-11-03T09:30:00Z');
    await advanceTo('2026-11-03T09:31:00Z');
    expect(read(timed, 'payments')).toEqual([
      `:bell: A request is waiting for a decision.
For @priya and @leads.
Payments API — <!channel> & co
requested by Dana Reyes
Waiting 1 day · Open the card (link) [Snooze until tomorrow]`,
    ]);
    expect(idsMentioned(timed, 'payments')).toEqual([['U0PRIYA', 'S0LEADS']]);
    expect(idsMentioned(timed, 'api-requests')).toEqual([[]]);
    const [card] = scenario.workspace.messages('payments');
    expect(priya.sees('payments').at(-1)).toContain(`/archives/C0PAY/p${card?.ts.replace('.', '')})`);
    expect(dana.told).toEqual([
      expect.stringMatching(/^:memo: You sent 2 requests/),
      `:hourglass_flowing_sand: 2 of your requests are still waiting for a decision.
Payments API — <!channel> & co
Pending since yesterday at 08:00, waiting for @priya, @gone, @dana, @leads or @danas [Withdraw]
Ledger API — <!channel> & co
Pending since yesterday at 08:00, waiting for the API team [Withdraw]
· We’ve reminded the approvers. Nothing to do on your side.`,
    ]);

    // Put off: not by who asked, and not twice.
    await dana.clicks('Snooze until tomorrow', { in: 'payments' });
    await dana.finds(/^You can’t decide your own request/, { in: 'whispered' });
    const [before] = reminders(timed, 'payments');
    if (!before) throw new Error('there was a reminder');
    await priya.clicks('Snooze until tomorrow', { in: 'payments' });
    await priya.finds(/Waiting 1 day · .*\n:zzz: Snoozed until tomorrow at 09:00 by @priya$/, { in: 'payments' });
    await alex.clicks('Snooze until tomorrow', { in: 'payments', on: before });
    await alex.finds(/^@priya already snoozed this reminder until tomorrow at 09:00/, { in: 'whispered' });
    const tuesday = reminders(timed, 'api-requests');
    await advanceTo('2026-11-04T08:59:59Z');
    expect(read(timed, 'payments')[0]).toMatch(/Snoozed until/);
    await advanceTo('2026-11-04T09:00:00Z');
    expect(read(timed, 'payments')).toEqual([expect.stringMatching(/^:bell: A request.*Waiting 2 days.*\[Snooze/s)]);
    expect(reminders(timed, 'api-requests')).toEqual(tuesday);
    expect(dana.told).toHaveLength(2);

    // Withdrawn from the direct message: the reminder of it is gone.
    const asDanaSawIt = structuredClone(scenario.workspace.directMessages(dana.id).at(-1));
    if (!asDanaSawIt) throw new Error('there was a message');
    await dana.clicks('Withdraw', { in: 'messages' });
    await alex.finds(/Payments API.*Unregistered by @dana/s, { in: 'payments' });
    await dana.finds(/^You withdrew the request/, { in: 'whispered' });
    await untilDelivered();
    expect(reminders(timed, 'payments')).toEqual([]);
    await dana.clicks('Withdraw', { on: asDanaSawIt });
    await dana.finds(/^You already withdrew this request/, { in: 'whispered' });

    // The other goes on: to the leads from its third reminder on.
    await asks(sam, ['Ledger API'], 'Till');
    await sam.closes();
    // A tick passes over what is just being written, here where its card stands.
    await untilDelivered();
    await advanceTo('2026-11-05T09:00:00Z');
    expect(read(timed, 'api-requests')).toEqual([
      expect.stringMatching(/^:bell: 2 requests.*Dana.*Waiting 3 days.*Sam/s),
    ]);
    expect(reminders(timed, 'leads')).toEqual([]);
    await advanceTo('2026-11-09T09:00:00Z');
    expect(read(timed, 'leads')).toEqual([
      `:bell: A request is waiting for a decision.
Ledger API — <!channel> & co
requested by Dana Reyes
Waiting 7 days · Open the card (link)
In #api-requests
· Requests from other channels are listed here from their third reminder on.`,
    ]);
    // Decided: it goes from both, and what is left of one stays.
    await alex.clicks('Approve', { in: 'api-requests', on: /⏳ .*<!channel> & co/ });
    await dana.finds(/Approved by @alex/);
    await untilDelivered();
    expect(reminders(timed, 'leads')).toEqual([]);
    expect(read(timed, 'api-requests')).toEqual([expect.stringMatching(/^:bell: A request is waiting.*Till/s)]);

    // After the fifth it stops, and the admins are told, once.
    // Lee cannot see the channel of the request: it is neither named to the leads any longer, nor linked.
    await scenario.workspace.join('lee', 'leads');
    const escalated: string[] = [];
    for (const day of ['11-17', '11-25', '12-11']) {
      await advanceTo(`2026-${day}T09:00:00Z`);
      escalated.push(...read(timed, 'leads'));
    }
    expect(escalated.length).toBeGreaterThan(0);
    for (const one of escalated)
      expect(one).toMatch(/Ledger API — Till\nrequested by Sam Okafor\nWaiting \d+ days\nIn another channel\n·/);
    const last = /^:no_bell: A request had its last reminder\. .*Ledger API — Till.*Waiting 37 days/s;
    expect(alex.sees('api-requests').filter((text) => last.test(text))).toHaveLength(1);
    const [fifth] = reminders(timed, 'api-requests');
    for (const day of ['12-31', '01-29', '06-30']) await advanceTo(`2027-${day}T09:00:00Z`);
    expect(alex.sees('api-requests').filter((text) => last.test(text))).toHaveLength(1);
    expect(reminders(timed, 'api-requests')).toEqual([fifth]);
    expect(sam.told.filter((text) => /still waiting/.test(text))).toHaveLength(1);
    expect(twice).toEqual([]);
  });
});

describe('when something fails', () => {
  it('one message is posted, with what is still pending, and the previous one is deleted', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { catalog, seed: company() });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { workspace, database } = scenario;
    const { dana, sam, alex } = people(scenario);
    const twice = watch(timed);
    const other = await scenario.startAnother();
    await asks(dana, ['Ledger API', 'Search API'], 'Shop');
    await dana.closes();
    await untilDelivered();

    // Two replicas at the same instant; and one of the two is decided while Slack is asked for a name.
    await advanceTo('2026-11-03T08:59:00Z');
    const ticks = await holdTicks(database);
    const name = workspace.hold('users.info');
    const late = advanceTo('2026-11-03T09:00:00Z');
    const both = other.runDueJobs();
    await waitForBlocked(database, 2);
    await ticks.release();
    await name.reached;
    await alex.clicks('Approve', { in: 'api-requests', on: /Search API/ });
    await alex.finds(/Search API.*Approved by @alex/s, { in: 'api-requests' });
    name.release();
    await Promise.all([late, both]);
    expect(read(timed, 'api-requests')).toEqual([expect.stringMatching(/A request is waiting.*Ledger API — Shop/s)]);
    const { id } = workspace.channel('api-requests');
    const posts = workspace.calls.filter(({ method, args }) => method === 'chat.postMessage' && args.channel === id);
    expect(posts.filter(({ args }) => /waiting/.test(String(args.text)))).toHaveLength(1);

    // The answer to the post is lost, then Slack slows the bot down: the message is found again.
    await asks(sam, ['Search API'], 'Till');
    await sam.closes();
    const isReminder = (args: Record<string, unknown>) => args.channel === id && /waiting/.test(String(args.text));
    workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: isReminder });
    workspace.fail('conversations.history', { kind: 'rate-limited', retryAfter: 1 });
    await advanceTo('2026-11-05T09:00:00Z');
    expect(read(timed, 'api-requests')).toEqual([expect.stringMatching(/2 requests/)]);

    // It cannot be deleted: one line is left of it.
    workspace.fail('chat.delete', { kind: 'error', error: 'compliance_exports_prevent_deletion' });
    await advanceTo('2026-11-09T09:00:00Z');
    expect(read(timed, 'api-requests')).toEqual([expect.stringMatching(/2 requests.*Dana.*Sam/s)]);
    expect(alex.sees('api-requests').filter((text) => /^· This reminder is over/.test(text))).toHaveLength(1);

    // The message was deleted, and then what it lists is decided.
    const [there] = reminders(timed, 'api-requests');
    await workspace.deleteMessage('api-requests', there?.ts ?? '');
    await alex.clicks('Approve', { in: 'api-requests', on: /Till/ });
    await sam.finds(/Approved by @alex/);
    await untilDelivered();
    expect(reminders(timed, 'api-requests')).toEqual([]);
    expect(twice).toEqual([]);
  });
});
