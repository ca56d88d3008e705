/** What a tick brings by the hundred does not hold up people, nor does it fill the outbox. */
import { expect, it } from 'vitest';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const count = 150;

it('a decision in the middle of hundreds of requests that expire is shown and told before them, and all are told', async () => {
  await using scenario = await openScenario({ bots: 0 });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  const bot = await scenario.startAnother({ EXPIRE_PENDING_AFTER: '7d' });
  await requests(dana, alex, 'Ledger API');
  await database.sql`
    with made as (
      insert into applications (name, created_by, created_at)
      select 'App ' || n, 'U0SAM', now() - interval '8 days' from generate_series(1, ${count}::int) n returning id)
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
    select made.id, s.id, 'U0SAM', 'why', 'V', 'pending', 1, now() - interval '8 days', now() - interval '8 days'
    from made, services s where s.slug = 'payments'`;
  await bot.runDueJobs();
  const jobs = async () => (await database.sql`select from outbox where dead_at is null`).length;
  // They have all expired; what tells of them goes in in stages.
  expect(await database.sql`select from registrations where status = 'expired'`).toHaveLength(count);
  expect(await jobs()).toBeLessThan(count);

  const before = workspace.calls.length;
  await alex.clicks('Approve', { in: 'api-requests', on: /Ledger/ });
  await alex.finds(/Ledger API[\s\S]*Approved by @alex/, { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  const told = workspace.calls
    .slice(before)
    .findIndex(({ method, args }) => method === 'chat.postMessage' && args.channel === dana.id);
  // Twelve are delivered next to each other, and the card, the message and a look who may decide are among the next.
  expect(told).toBeLessThan(100);
  expect(await jobs()).toBeGreaterThan(0);
  await delivered(scenario, 120_000);
  expect(workspace.messages('api-requests')).toHaveLength(count + 1);
}, 240_000);
