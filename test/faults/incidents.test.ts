/** Incidents: what only a human can resolve is reported once, and is delivered by itself once it is resolved. */
import { describe, expect, it } from 'vitest';
import { parseDeadLetterCommand, runDeadLetterCommand } from '../../src/cli/dead-letters.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { openTimedScenario } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { delivered, endLeases, givesUpAfter } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests, toldBesideReceipts } from '../support/steps.ts';

const catalog = `services:
  - { slug: payments, name: Payments API, channel: C0PAY, approvers: [U0ALEX] }
  - { slug: ledger, name: Ledger API }
  - { slug: search, name: Search API, channel: C0PAY, approval: auto }
`;
const withPayments = () => seed({ channels: [channel('C0PAY', 'payments', ['U0ALEX'], { kind: 'private' })] });

/** Has a job that has failed be retried now, as some minutes later. What is set while it is being delivered, its end would set back. */
const minutesLater = ({ database }: Scenario, lane: string) =>
  eventually('its failure is recorded', async () => {
    const rows = await database.sql`
      update outbox set retries = 8, run_at = now() where lane like ${lane} and not leased and retries between 1 and 8 returning id`;
    return rows.length > 0;
  });

const warnings = (lines: string[]) => lines.filter((line) => line.startsWith(':warning:') || line.startsWith('⚠'));

it('an unreachable channel is reported to the admin channel once, takes no requests, and gets its cards when it is back', async () => {
  await using scenario = await openScenario({ catalog, seed: withPayments() });
  const { workspace, database } = scenario;
  const { dana, sam, alex } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API', 'Search API'], 'Shop');
  await dana.closes();
  const warning = await alex.finds(/cannot reach/, { in: 'api-requests' });
  expect(warning).toMatch(/Registrar cannot reach .*C0PAY.*: the bot is not in it, or it is gone\. Write `\/invite/);
  expect(warning).toMatch(/arrive once this is resolved/);
  await dana.finds(/Approved automatically/);

  expect(await asks(sam, ['Ledger API', 'Payments API'], 'Kiosk')).toEqual({
    errors: {
      Services:
        'Payments API: you can’t request this just now, because Registrar can’t post to its approval channel. The admins know why: ask one of them.',
    },
  });
  // This one needs no approver.
  await sam.unpicks('Services');
  await sam.picks('Services', 'Search API');
  expect(await sam.submits()).toHaveProperty('view');
  await sam.closes();

  await workspace.join('registrar', 'payments');
  await alex.finds(/Payments API/, { in: 'payments' });
  await delivered(scenario);
  expect(alex.sees('payments')).toHaveLength(3);
  expect(await asks(sam, ['Payments API'], 'Kiosk')).toHaveProperty('view');
  await alex.finds(/Payments API for Kiosk/, { in: 'payments' });

  await workspace.archive('payments');
  await dana.types('/unregister');
  await dana.picks('Registration', 'Payments API');
  await dana.submits();
  await alex.finds(/it is archived\. Unarchive it/, { in: 'api-requests' });
  await workspace.unarchive('payments');
  await alex.finds(/Unregistered by @dana/, { in: 'payments' });
  await delivered(scenario);
  expect(warnings(alex.sees('api-requests'))).toHaveLength(2);
  expect(await database.sql`select from troubles where over_at is null`).toHaveLength(0);
});

it('where the admin channel is unreachable, the first reachable approver is told', async () => {
  await using scenario = await openScenario({ env: { APPROVERS: 'U0LEE,U0PRIYA,U0ALEX' } });
  const { workspace } = scenario;
  const { dana, alex, priya } = people(scenario);
  await workspace.deactivate('lee');
  await workspace.archive('api-requests');
  await asks(dana, ['Payments API'], 'Shop');
  await priya.finds(/Registrar cannot reach #api-requests/);
  expect(alex.told).toEqual([]);
  await workspace.unarchive('api-requests');
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await delivered(scenario);
  expect(warnings(priya.told)).toHaveLength(1);
});

it('a refusal that lasts is reported, whatever Slack calls it, and is over when a message arrives', async () => {
  await using scenario = await openScenario({ catalog, seed: withPayments() });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await workspace.join('registrar', 'payments');
  const fault = workspace.fail(
    'chat.postMessage',
    { kind: 'error', error: 'posting_is_for_owners_only' },
    { times: 99, when: ({ channel }) => channel === 'C0PAY' },
  );
  await asks(dana, ['Payments API'], 'Shop');
  await eventually('the card is refused', async () => fault.met > 0);
  expect(warnings(alex.sees('api-requests'))).toEqual([]);
  await minutesLater(scenario, 'card:%');
  await alex.finds(/cannot reach .*C0PAY.*posting_is_for_owners_only/, { in: 'api-requests' });
  fault.end();
  await eventually('the card is posted', async () => {
    await database.sql`update outbox set run_at = now() where lane like 'card:%' and not leased`;
    return (await database.sql`select from outbox where lane like 'card:%'`).length === 0;
  });
  await alex.finds(/Payments API/, { in: 'payments' });
  await delivered(scenario);
  expect(await database.sql`select from troubles where over_at is null`).toHaveLength(0);
});

it('a look-up that Slack goes on refusing is told as that, and names no channel', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { alex } = people(scenario);
  await delivered(scenario);
  const fault = workspace.fail('users.list', { kind: 'error', error: 'unknown_method' }, { times: 99 });
  await database.sql`insert into outbox (queue, lane, priority, front, effect) select 'outbox', 'departures', 2, true, ${database.sql.json({ kind: 'departures', cursor: '' })}`;
  await database.sql`notify registrar_outbox`;
  await eventually('it is refused', async () => fault.met > 0);
  await minutesLater(scenario, 'departures');
  expect(await alex.finds(/Slack refuses/, { in: 'api-requests' })).toMatch(
    /Slack refuses what Registrar asks: the cause is `unknown_method`\./,
  );
  fault.end();
  await eventually('it is asked', async () => {
    await database.sql`update outbox set run_at = now() where lane = 'departures' and not leased`;
    return (await database.sql`select from outbox where lane = 'departures'`).length === 0;
  });
  expect(await database.sql`select from troubles where over_at is null`).toHaveLength(0);
});

it('an outage that lasts is no incident: it passes by itself', async () => {
  await using scenario = await openScenario({ catalog, seed: withPayments() });
  const { workspace, database } = scenario;
  const { dana } = people(scenario);
  await workspace.join('registrar', 'payments');
  const fault = workspace.fail(
    'chat.postMessage',
    { kind: 'error', error: 'service_unavailable' },
    { times: 99, when: ({ channel }) => channel === 'C0PAY' },
  );
  await asks(dana, ['Payments API'], 'Shop');
  await eventually('the card fails', async () => fault.met > 0);
  await minutesLater(scenario, 'card:%');
  await eventually('it fails again', async () => fault.met > 1);
  fault.end();
  await eventually('the card is posted', async () => {
    await database.sql`update outbox set run_at = now() where lane like 'card:%' and not leased`;
    return (await database.sql`select from outbox where kind <> 'copies'`).length === 0;
  });
  expect(await database.sql`select from troubles`).toHaveLength(0);
});

it.each(['token_revoked', 'team_access_not_granted', 'a_word_of_tomorrow'])(
  'a token that Slack refuses with %s while the bot runs makes it not ready, and says why',
  async (error) => {
    await using timed = await openTimedScenario('2026-11-23T09:00:00Z');
    const { scenario } = timed;
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${scenario.bot.port}/readyz`);
      return [response.status, await response.json()];
    };
    expect(await ready()).toEqual([200, { ok: true }]);
    const fault = scenario.workspace.fail('auth.test', { kind: 'error', error }, { times: 99 });
    await timed.advanceTo('2026-11-23T09:01:00Z');
    expect(await ready()).toEqual([503, { ok: false, failing: { slack: `token not accepted any longer (${error})` } }]);
    fault.end();
    await timed.advanceTo('2026-11-23T09:02:00Z');
    expect(await ready()).toEqual([200, { ok: true }]);
  },
);

it.each(['service_unavailable', '<html>Bad gateway</html>'])('%s says nothing about the token', async (error) => {
  await using timed = await openTimedScenario('2026-11-23T09:00:00Z');
  const { scenario } = timed;
  const fault = scenario.workspace.fail('auth.test', { kind: 'error', error }, { times: 99 });
  await timed.advanceTo('2026-11-23T09:01:00Z');
  expect((await fetch(`http://127.0.0.1:${scenario.bot.port}/readyz`)).status).toBe(200);
  expect(fault.met).toBeGreaterThan(0);
});

describe('what could not be delivered', () => {
  it('is a dead letter, reported once an hour for each cause, listed, and redriven', async () => {
    await using scenario = await openScenario({ catalog });
    const { workspace, database } = scenario;
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex, 'Ledger API');
    await dana.finds(/You sent a request/);
    const { id } = workspace.member('dana');
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'user_not_found' },
      { times: 9, when: ({ channel }) => channel === id },
    );
    await alex.clicks('Approve', { in: 'api-requests' });
    await alex.finds(/A message to people by direct message could not be delivered/, { in: 'api-requests' });
    await alex.clicks('Revoke', { in: 'api-requests' });
    await alex.fills('Reason', 'A mistake');
    await alex.submits();
    await alex.finds(/Revoked by/, { in: 'api-requests' });
    await delivered(scenario);
    expect(warnings(alex.sees('api-requests'))).toHaveLength(1);

    const listed = await runDeadLetterCommand(parseDeadLetterCommand(['list']), database.url);
    expect(listed.split('\n').map((line) => line.split('  ').slice(1, 4))).toEqual([
      ['decision of registration 1', 'to direct', 'because of user_not_found'],
      ['decision of registration 1', 'to direct', 'because of user_not_found'],
    ]);
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['list', '--limit', '1']), database.url)).toMatch(
      /\nand 1 more$/,
    );

    workspace.clearFaults();
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['redrive', '--why', 'is_archived']), database.url)).toBe(
      '0 messages will be retried.',
    );
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['redrive']), database.url)).toBe(
      '2 messages will be retried.',
    );
    await dana.finds(/Revoked by/);
    await delivered(scenario);
    expect(toldBesideReceipts(dana).map((text) => /Approved|Revoked/.exec(text)?.[0])).toEqual(['Approved', 'Revoked']);
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['list']), database.url)).toMatch(
      /there are no dead letters/,
    );

    // The same again, an hour later, is told again.
    await database.sql`update troubles set told_at = told_at - interval '61 minutes'`;
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'user_not_found' },
      { times: 9, when: ({ channel }) => channel === id },
    );
    await alex.clicks('Reinstate', { in: 'api-requests' });
    await workspace.until(() => warnings(alex.sees('api-requests')).length === 2);

    // Nothing is tried for ever.
    await givesUpAfter(scenario, 0.5);
    workspace.clearFaults();
    workspace.fail(
      'chat.postMessage',
      { kind: 'error', error: 'internal_error' },
      { times: 2, when: ({ channel }) => channel === 'C0REQUESTS' },
    );
    await asks(sam, ['Ledger API'], 'Kiosk');
    await alex.finds(/to #api-requests .*could not be delivered: the cause is `internal_error`/, {
      in: 'api-requests',
    });
    await delivered(scenario);
    const why = await database.sql`select kind, cause as why from outbox where dead_at is not null order by id`;
    expect(why.map((row) => `${row.kind} ${row.why}`)).toEqual(['decision user_not_found', 'card internal_error']);
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['redrive', '--place', 'C0REQUESTS']), database.url)).toBe(
      '1 message will be retried.',
    );
    await alex.finds(/Kiosk/, { in: 'api-requests' });
  });

  it('is neither lost nor stored twice where storing it is interrupted', async () => {
    await using scenario = await openScenario({ catalog });
    const { workspace, database } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Ledger API');
    // What ends a job after the letter was written fails once, as if the process had died there.
    await database.sql.unsafe(`
      create sequence cut_short;
      create function cut_short() returns trigger language plpgsql as $$ begin
        if nextval('cut_short') = 1 then raise 'cut short'; end if;
        return new; end $$;
      create trigger cut_short before insert on outbox for each row
        when (new.effect->>'kind' = 'trouble') execute function cut_short()`);
    await dana.finds(/You sent a request/);
    const toDana = ({ channel }: Record<string, unknown>) => channel === dana.id;
    workspace.fail('chat.postMessage', { kind: 'error', error: 'user_not_found' }, { times: 2, when: toDana });
    await alex.clicks('Approve', { in: 'api-requests' });
    await eventually('it is cut short', async () => {
      const [{ is_called = false } = {}] = await database.sql`select is_called from cut_short`;
      return is_called;
    });
    await endLeases(scenario);
    await alex.finds(/could not be delivered/, { in: 'api-requests' });
    await delivered(scenario);
    expect(await database.sql`select from outbox where dead_at is not null`).toHaveLength(1);
    expect(await database.sql`select last_value::int from cut_short`).toEqual([{ last_value: 2 }]);
  });

  it('is also reported where the process died at the last attempt, and blocks nothing', async () => {
    await using scenario = await openScenario({ catalog, reconcileAt: '* * * * * *' });
    const { workspace, database } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Ledger API');
    await dana.finds(/You sent a request/);
    const post = workspace.hold('chat.postMessage', ({ channel }) => channel === 'U0DANA');
    await alex.clicks('Approve', { in: 'api-requests' });
    await post.reached;
    await database.sql`
      update outbox set give_up_at = now(), run_at = now(), attempt = attempt + 1 where leased and kind = 'decision'`;
    await alex.finds(/Registrar was stopped at the last of many attempts/, { in: 'api-requests' });
    post.release();
    await alex.clicks('Revoke', { in: 'api-requests' });
    await alex.fills('Reason', 'A mistake');
    await alex.submits();
    await dana.finds(/Revoked by/);
    expect(await runDeadLetterCommand(parseDeadLetterCommand(['redrive']), database.url)).toBe(
      '1 message will be retried.',
    );
    await delivered(scenario);
    // The request that was held back was taken after all: it is found again by its mark.
    expect(toldBesideReceipts(dana).map((text) => /Approved|Revoked/.exec(text)?.[0])).toEqual(['Approved', 'Revoked']);
  });

  it.each([
    [['lost']],
    [['redrive', 'twice']],
    [['list', '--limit', '0']],
    [['list', '--place', 'C0']],
    [['redrive', '--all']],
    [[]],
  ])('a command that is not understood says how it is used: %s', (args) => {
    expect(() => parseDeadLetterCommand(args)).toThrow(/npm run outbox -- list/);
  });
});
