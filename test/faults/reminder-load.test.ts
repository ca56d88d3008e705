/** Five thousand requests are due at one tick, in forty channels, of a Slack that takes no more than Slack does. */
import { expect, it } from 'vitest';
import { channel, person, seed } from '../local-slack/seed.ts';
import { readable } from '../local-slack/transcript.ts';
import { untilDelivered } from '../support/clock.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const channels = Array.from({ length: 40 }, (_, n) => channel(`C0TEAM${n}`, `team-${n}`, ['U0ALEX', 'U0REGISTRAR']));
/** Each has as many pending requests as a person may have, all in one channel. */
const askers = Array.from({ length: 250 }, (_, n) => person(`asker${n}`));

it('posts one message per channel and requester, within the rate limits, and no click waits for them', async () => {
  // A clock that goes on, as the limits need it: from just before the tick.
  let behind = Date.now() - Date.parse('2026-11-02T08:00:00Z');
  await using scenario = await openScenario({
    seed: seed({ members: askers, channels }),
    limited: true,
    now: () => new Date(Date.now() - behind),
  });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await database.sql`
    insert into services (slug, name, managed_by, channel)
    select 'team-' || n, 'Service of team ' || n, 'slack', 'C0TEAM' || n from generate_series(0, 39) n`;
  await database.sql`
    with made as (
      insert into applications (name, created_by, created_at)
      select 'Application ' || n, 'U0ASKER' || n / 20, '2026-11-02T08:00:00Z' from generate_series(0, 4999) n returning id, name)
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at,
      remind_at, card_channel, card_ts)
    select made.id, s.id, 'U0ASKER' || n / 20, 'why', 'V', 'pending', 1, at, at, at, s.channel, '1790000000.000100'
    from made cross join lateral (select substr(name, 13)::int as n) number
      cross join lateral (select '2026-11-01T08:00:00Z'::timestamptz + make_interval(secs => n) as at) moment
      join services s on s.slug = 'team-' || (n / 20) % 40`;
  const before = workspace.calls.length;
  behind -= 3_600_000;
  await scenario.bot.runDueJobs();
  const [done, clicked] = await Promise.all([
    untilDelivered(scenario).then(() => performance.now()),
    (async () => {
      await workspace.until(() => channels.some(({ id }) => workspace.messages(id).length > 0));
      await alex.clicks('Approve', { in: 'api-requests' });
      await alex.finds(/Approved by @alex/, { in: 'api-requests' });
      await dana.finds(/Approved by @alex/);
      return performance.now();
    })(),
  ]);
  expect(clicked).toBeLessThan(done);
  for (const { id } of channels) {
    const [only, ...more] = workspace.messages(id);
    if (!only) throw new Error(`nothing in ${id}`);
    expect(more).toEqual([]);
    const text = readable(workspace, only);
    expect(text).toMatch(
      /^:bell: 1\d\d requests are waiting.*Application \d+\nrequested by Asker\d+.*and 1?\d\d more$/s,
    );
    expect(text.match(/\[Snooze until tomorrow\]/g)).toHaveLength(20);
  }
  for (const { id } of askers) {
    expect(workspace.directMessages(id).map(({ text }) => text)).toEqual([
      '20 of your requests are still waiting for a decision.',
    ]);
  }
  const calls = workspace.calls.slice(before);
  expect(calls.filter(({ method }) => method === 'chat.getPermalink')).toEqual([]);
  // One refusal closes a method for a while; whatever comes then has its turn.
  expect(calls.filter(({ status }) => status === 429).length / calls.length).toBeLessThan(0.1);
});
