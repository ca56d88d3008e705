/** A bot that starts on the database of version 0.1 goes on where that one was stopped, and next to one that still runs. */
import { expect, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { parseDeadLetterCommand, runDeadLetterCommand } from '../../src/cli/dead-letters.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { mailing, openMailServer } from '../support/mail-server.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';
import { createVersion01, openReplica01 } from '../support/upgrade/version-0.1.ts';

const catalog = `services:
  - { slug: payments, name: Payments API, docs: https://docs.acme.example/payments }
  - { slug: ledger, name: Ledger API, channel: C0PAY, approvers: [U0ALEX] }
  - { slug: search, name: Search API, approval: auto }
`;

it('everything that was on its way arrives, once, the dead letters are kept, and the records fit', async () => {
  await using mail = await openMailServer();
  await using scenario = await openScenario({
    bots: 0,
    catalog,
    database: createVersion01,
    seed: seed({ channels: [channel('C0PAY', 'payments', ['U0ALEX'], { kind: 'private' })] }),
    env: mailing(mail),
  });
  const { workspace, database } = scenario;
  const { dana, alex, priya, lee } = people(scenario);
  await workspace.deactivate('sam');
  await scenario.startAnother();
  // What it was posting is given up as lost, and the slots come.
  await database.sql`delete from channel_turns`;
  await database.sql`update outbox set run_at = now(), slot = null where dead_at is null and not leased`;
  await priya.finds(/Approved by @alex/);
  await workspace.join('registrar', 'payments');
  await alex.finds(/Ledger API[\s\S]*\[Approve\]/, { in: 'payments' });
  // What a replica of version 0.1 enqueues meanwhile is delivered as well.
  await database.sql`
    insert into pgboss.job_common (name, data, singleton_key, priority, policy, dead_letter)
    values ('outbox', '{"kind": "notice", "registration": 4, "version": 2}', 'notice:4', 1, 'key_strict_fifo', 'outbox-dead')`;
  await lee.finds(/Approved by @alex/);
  await delivered(scenario);

  // It was unregistered before its card was posted.
  expect(workspace.messages('api-requests').filter(({ text }) => /Kiosk/.test(text))).toEqual([]);
  expect(priya.told).toHaveLength(1);
  expect(lee.told).toHaveLength(1);
  expect(mail.letters.map(({ subject }) => subject).sort()).toEqual([
    'Approved: Payments API for Billing',
    'Approved: Payments API for Scanner',
    'Approved: Payments API for Shop',
    // That of Mobile was for Sam, who has left.
  ]);
  expect(
    (await runDeadLetterCommand(parseDeadLetterCommand(['list']), database.url))
      .split('\n')
      .map((line) => line.split('  ').slice(1, 4)),
  ).toEqual([
    ['notice of registration 3', 'to direct', 'because of channel_not_found'],
    ['notice of registration 4', 'to cards', 'because of crashed'],
  ]);
  // It was told after all: redriven, it is found by its marker.
  await runDeadLetterCommand(parseDeadLetterCommand(['redrive', '--why', 'crashed']), database.url);
  await delivered(scenario);
  expect(lee.told).toHaveLength(1);

  await asks(dana, ['Payments API'], 'Wallet');
  await alex.finds(/Wallet/, { in: 'api-requests' });
  const noted = { seq: 20, hash: 'ec07fc9fc675d21173ae5166021286f96b952a44b1b229ef010426f171fe491e' };
  expect(formatVerifyResult(await verify(database.url, noted))).toMatch(/^All \d+ events fit/);
});

it('a replica of version 0.1 goes on next to a new one: what it writes is shown and told, once, and the records fit', async () => {
  await using scenario = await openScenario({ bots: 0, catalog, database: createVersion01 });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await using old = await openReplica01(database);
  await scenario.startAnother();
  const cards = () =>
    workspace.messages('api-requests').filter(({ text, blocks }) => blocks?.length && /for Rolled/.test(text));

  await old.act('request');
  await alex.finds(/Payments API for Rolled[\s\S]*\[Approve\]/, { in: 'api-requests' });
  await old.act('reject');
  await dana.finds(/Rolled[\s\S]*Rejected by @alex[\s\S]*Not yet|Rejected by @alex[\s\S]*Rolled/);
  await alex.finds(/Payments API for Rolled[\s\S]*Rejected by @alex/, { in: 'api-requests' });
  await old.act('unregister');
  await alex.finds(/Payments API for Rolled[\s\S]*[Uu]nregistered/, { in: 'api-requests' });
  // The application that the old one made is there for the new one.
  await asks(dana, ['Search API'], 'Rolled');
  await alex.finds(/Search API for Rolled/, { in: 'api-requests' });
  // Of what was there before, some waits for an hour, and some for a mail server.
  await eventually('all of it is delivered', async () => {
    const left = await database.sql`
      select from outbox where (effect->>'registration')::int > 6 and dead_at is null and kind <> 'copies'`;
    return left.length === 0;
  });

  expect(cards().filter(({ text }) => /Payments API/.test(text))).toHaveLength(1);
  expect(dana.told.filter((text) => /Rejected by @alex/.test(text) && /Rolled/.test(text))).toHaveLength(1);
  expect(await database.sql`select from pgboss.job where name like 'outbox%'`).toEqual([]);
  expect(formatVerifyResult(await verify(database.url))).toMatch(/^All \d+ events fit/);
});
