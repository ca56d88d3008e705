/** Every few minutes cards are compared with what they should be: what is wrong is put right, what is right is left alone. */
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as reconciling from '../../src/db/registration/card-drift.ts';
import { requestCard } from '../../src/views/registration/card.ts';
import { fingerprint } from '../../src/views/registration/card-fingerprint.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

it('repairs a card that was changed by hand, deleted, or never updated, and leaves the others alone', async () => {
  const catalog = `services:
  - { slug: payments, name: Payments API }
  - { slug: ledger, name: Ledger API, channel: C0LEDGER, approvers: [U0ALEX] }
`;
  const ledger = channel('C0LEDGER', 'ledger', ['U0ALEX', 'U0REGISTRAR']);
  await using scenario = await openScenario({
    catalog,
    seed: seed({ channels: [ledger] }),
    reconcileAt: '* * * * * *',
  });
  const { workspace, database } = scenario;
  const { dana, sam, lee, alex } = people(scenario);
  await requests(dana, alex);
  await requests(sam, alex, 'Payments API', 'Kiosk');
  await requests(lee, alex, 'Payments API', 'Portal');
  const [shop, kiosk, portal] = workspace.messages('api-requests').map(({ ts }) => ts);

  await workspace.tamper('api-requests', shop ?? '', 'Approved, trust me');
  await alex.finds(/Shop[\s\S]*Approve/, { in: 'api-requests' });
  await workspace.deleteMessage('api-requests', kiosk ?? '');
  await alex.finds(/Kiosk/, { in: 'api-requests' });

  // A change whose job was lost, and so was the card's redrawing.
  await alex.clicks('Approve', { in: 'api-requests', on: /Portal/ });
  await lee.finds(/Approved by/);
  await delivered(scenario);
  await workspace.tamper('api-requests', portal ?? '', 'Pending for ever');
  await database.sql`update registrations set card_version = 1, changed_at = now() - interval '5 minutes' where status = 'approved'`;
  await alex.finds(/Portal[\s\S]*Approved by @alex/, { in: 'api-requests' });

  // A channel that takes posts again without a word of it.
  await workspace.archive('ledger');
  await asks(dana, ['Ledger API'], 'Shop');
  await alex.finds(/cannot reach #ledger/, { in: 'api-requests' });
  workspace.channel('ledger').archived = false;
  await alex.finds(/Ledger API/, { in: 'ledger' });

  // From a settled state on, tick after tick changes nothing: a run that was under way when the outbox emptied may have
  // found one more card to draw.
  const looked = () => workspace.calls.filter(({ method }) => method === 'conversations.history').length;
  const ticks = async (count: number) => {
    const before = looked();
    await workspace.until(() => looked() >= before + count * 2);
    await delivered(scenario);
  };
  const writes = () =>
    workspace.calls
      .filter(({ method }) => /^chat\.(update|post)/.test(method))
      .map(({ method, args }) => `${method} ${args.channel} ${args.ts ?? ''} ${args.text}`);
  await delivered(scenario);
  await ticks(1);
  const settled = writes();
  await ticks(3);
  expect(writes()).toEqual(settled);
  expect(alex.sees('api-requests').filter((text) => text.includes('Requested by'))).toHaveLength(3);

  // What Slack writes in a way of its own is redrawn once, and not at every tick.
  const { tables, close } = connect(database.url);
  const outbox = createOutbox();
  const [one] = await reconciling.claimForComparison({ tables, outbox }, 1);
  if (!one) throw new Error('there is no card');
  const db = { tables, outbox };
  expect(await reconciling.enqueueUpdate(db, one, 'should\nis')).toBe(true);
  await delivered(scenario);
  const again = { ...one, shownVersion: one.shownVersion + 1 };
  await database.sql`update registrations set card_differs = md5('should' || chr(10) || 'is') where id = ${one.id}`;
  expect(await reconciling.enqueueUpdate(db, again, 'should\nis')).toBe(false);
  expect(await reconciling.enqueueUpdate(db, again, 'should\nis not')).toBe(true);
  await close();
});

describe('what is compared of a card', () => {
  const at = new Date('2026-11-03T10:00:00Z');
  const { blocks } = requestCard({
    id: 1,
    publicId: '00000000-0000-4000-8000-000000000001',
    version: 1,
    status: 'pending',
    service: { name: 'R&D <API>', description: '', docs: null, state: 'open' as const },
    application: 'Shop',
    owners: ['U0DANA'],
    applicationDeleted: false,
    askedAgain: false,
    requester: 'U0DANA',
    reason: 'two\nlines & more',
    requestedAt: at,
    approvers: { users: ['U0ALEX'], groups: [], channel: 'C0ADMIN' },
    history: [],
    otherServices: [],
    previousRequests: [],
    access: null,
  });
  /** The same blocks with every plain value changed as said. */
  const changed = (change: (key: string, value: unknown) => unknown) => JSON.parse(JSON.stringify(blocks, change));

  it.each<[string, unknown[], boolean]>([
    ['as it is', blocks, true],
    [
      'with what Slack escapes',
      changed((key, value) =>
        key === 'text' && typeof value === 'string'
          ? value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
          : value,
      ),
      true,
    ],
    ['with emoji and other additions of Slack', changed((key, value) => (key === 'emoji' ? true : value)), true],
    [
      'with other spaces',
      changed((key, value) => (key === 'text' && typeof value === 'string' ? value.replace(/ /g, '  ') : value)),
      true,
    ],
    [
      'with another word',
      changed((_, value) => (typeof value === 'string' ? value.replace('Shop', 'Shot') : value)),
      false,
    ],
    ['with another button', changed((key, value) => (key === 'value' ? '1@2' : value)), false],
    ['with another person', changed((key, value) => (key === 'user_id' ? 'U0SAM' : value)), false],
    ['without its last block', blocks.slice(0, -1), false],
    ['without anything', [], false],
  ])('%s', (_, others, same) => {
    expect(fingerprint(others) === fingerprint(blocks)).toBe(same);
  });
});
