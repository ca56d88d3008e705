/** Expiry: a request without a decision expires after a warning, and can be requested again. */
import { expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { expireDue } from '../../src/db/registration/expiry.ts';
import { openTimedScenario } from '../support/clock.ts';
import { createDatabase } from '../support/database.ts';
import { holdHistory, holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { asks, people } from '../support/steps.ts';

const env = { EXPIRE_PENDING_AFTER: '6d' };
/** A request of noon expires at noon, a week later, when a reminder would be due. */
const atATick = { EXPIRE_PENDING_AFTER: '7d', REMINDER_SCHEDULE: '0 12 * * 1-5' };

it('the last reminder warns, the card shows the expiry, and the requester can ask again with a filled form', async () => {
  await using timed = await openTimedScenario('2026-11-02T12:00:00Z', { env: atATick });
  const { scenario, advanceTo, untilDelivered } = timed;
  const { dana, sam, alex } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop', 'For <b> & "c"');
  await dana.closes();
  await asks(sam, ['Payments API'], 'Till');
  await sam.closes();
  await untilDelivered();
  const reminder = () => alex.sees('api-requests').find((text) => /^:bell:/.test(text));

  await advanceTo('2026-11-03T12:00:00Z');
  expect(reminder()).toMatch(/3 requests/);
  expect(reminder()).not.toMatch(/Expires/);
  // The next one would come on Monday at noon, and that is too late.
  await advanceTo('2026-11-05T12:00:00Z');
  expect(reminder()?.match(/:warning: Expires on Nov 9, 2026 at 12:00/g)).toHaveLength(3);

  // To the second; and the last reminder goes with what it lists.
  await advanceTo('2026-11-09T11:59:59Z');
  expect(alex.sees('api-requests').join()).not.toMatch(/Expired/);
  await alex.clicks('Approve', { in: 'api-requests', on: /Till/ });
  await alex.finds(/Till.*Approved by @alex/s, { in: 'api-requests' });
  await advanceTo('2026-11-09T12:00:00Z');
  const cards = alex.sees('api-requests');
  for (const service of ['Payments', 'Ledger']) {
    const closed = new RegExp(
      `⌛ ${service} API for Shop · expired.*:hourglass: Expired today at 12:00\n\\[… History\\]$`,
      's',
    );
    expect(cards).toContainEqual(expect.stringMatching(closed));
  }
  expect(cards).toHaveLength(3);
  // What expires together is one message.
  expect(dana.told.filter((text) => /^:hourglass: Expired/.test(text))).toEqual([
    `:hourglass: Expired
Service  Payments API
Service  Ledger API
Application  Shop
There was no decision in time, so the requests were closed. You can ask again.
[Ask again for Payments API]
[Ask again for Ledger API]`,
  ]);
  expect(sam.told.join()).not.toMatch(/Expired/);

  await dana.clicks('Ask again for Payments API');
  await dana.finds(/Payments API.*Shop.*For <b> & "c"/s, { in: 'modal' });
  expect(await dana.submits()).toMatchObject({ view: expect.anything() });
  await alex.finds(/Payments API.*Shop.*For <b> & "c".*\[Approve\]/s, { in: 'api-requests' });
  await dana.closes();

  // What is not one's own shows nothing of it.
  await scenario.database.sql`update application_owners set user_id = ${sam.id} where user_id = ${dana.id}`;
  await dana.clicks('Ask again for Ledger API');
  await dana.finds(/^Only an owner of the application can ask again\. Nothing was changed\.$/, { in: 'whispered' });
  expect(scenario.workspace.views(dana.id)).toEqual([]);
});

it('a request is decided as it expires: the first of the two happens, and the other is refused', async () => {
  await using timed = await openTimedScenario('2026-11-02T10:00:00Z', { env });
  const { scenario, advanceTo, untilDelivered } = timed;
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await dana.closes();
  await untilDelivered();
  const events = (id: number) =>
    scenario.database.sql`select action, actor from history where registration_id = ${id} and version > 1`;

  // The click stands at the row before time comes by: time leaves it alone.
  const row = await holdRegistrations(scenario.database);
  const click = alex.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
  await waitForBlocked(scenario.database, 1);
  await advanceTo('2026-11-09T10:00:00Z');
  await row.release();
  await click;
  await dana.finds(/Approved by @alex.*Payments API/s);
  expect(await events(1)).toEqual([{ action: 'approve', actor: alex.id }]);

  // Time has the row, and the click comes too late.
  const record = await holdHistory(scenario.database);
  const passed = advanceTo('2026-11-09T10:01:00Z');
  await waitForBlocked(scenario.database, 1);
  const late = alex.clicks('Approve', { in: 'api-requests', on: /Ledger API/ });
  await waitForBlocked(scenario.database, 2);
  await record.release();
  await Promise.all([passed, late]);
  await alex.finds(/^This request was already expired, today at 10:01\. Nothing was changed\./, { in: 'whispered' });
  await dana.finds(/Expired.*Ledger API/s);
  expect(await events(2)).toEqual([{ action: 'expire', actor: null }]);
});

it('any number of replicas expire old requests, each once, in batches that block no one', async () => {
  await using database = await createDatabase();
  const { sql, url } = database;
  await sql`insert into services (slug, name, managed_by) values ('a', 'A', 'slack')`;
  await sql`insert into applications (name, created_by, created_at) select 'App ' || n, 'U0SAM', now() from generate_series(1, 500) n`;
  await sql`
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
    select id, 1, 'U0SAM', 'why', 'V', case when id % 5 = 0 then 'approved' else 'pending' end, 3,
      '2026-11-02T10:00:00Z'::timestamptz + make_interval(secs => id), '2026-11-02T10:00:00Z' from applications`;
  await sql`insert into application_owners (application_id, user_id) select id, 'U0SAM' from applications`;
  const replicas = [0, 1, 2].map(() => ({ client: connect(url), outbox: createOutbox() }));
  const at = new Date('2026-11-08T10:05:00Z');
  const before = new Date('2026-11-02T10:05:00Z');
  const all = replicas.flatMap(({ client, outbox }) =>
    [1, 2, 3].map(() => expireDue({ tables: client.tables, outbox }, { before, at, limit: 30 })),
  );
  const closed = await Promise.all(all);
  expect(closed.reduce((sum, count) => sum + count)).toBe(240);
  expect(Math.max(...closed)).toBe(30);
  const due = sql`status = 'expired' and version = 4 and changed_at = ${at} and changed_by is null`;
  expect(
    await sql`select id <= 300 and id % 5 > 0 as old, ${due} as closed, count(*)::int from registrations group by 1, 2`,
  ).toEqual(
    expect.arrayContaining([
      { old: true, closed: true, count: 240 },
      { old: false, closed: false, count: 260 },
    ]),
  );
  expect(await sql`select action, from_status, version, actor, count(*)::int from history group by 1, 2, 3, 4`).toEqual(
    [{ action: 'expire', from_status: 'pending', version: 4, actor: null, count: 240 }],
  );
  // Each application is told in one message of what has expired.
  expect(
    await sql`select one ->> 'kind' kind, count(distinct coalesce(one -> 'events' -> 0, one) ->> 'registration')::int, count(*)::int jobs
      from outbox, jsonb_array_elements(coalesce(effect -> 'effects', jsonb_build_array(effect))) one group by 1 order by 1`,
  ).toEqual(['card', 'decision', 'homes'].map((kind) => ({ kind, count: 240, jobs: 240 })));
  for (const { client } of replicas) await client.close();
});
