/** What owners may do with an application: the rules as a table. */
import { describe, expect, it } from 'vitest';
import {
  type ApplicationCommand,
  countAtPlace,
  evaluate,
  evaluateAssignment,
  ownerLeft,
  ownersToNotify,
} from '../../src/domain/application.ts';
import type { Account } from '../../src/domain/authorization.ts';
import type { ApprovalPlace } from '../../src/domain/effects.ts';

const policy = { approvers: [], adminChannel: 'C0ADMIN', allowSelfApproval: false, allowExternal: false };
const shop = {
  id: 1,
  publicId: '00000000-0000-4000-8000-000000000001',
  name: 'Shop',
  version: 4,
  owners: ['U0DANA', 'U0SAM'],
  deleted: false,
};
const known = (account: Account, app = false) => ({ name: 'Somebody', title: '', account, app });
const named = new Map([
  ['U0LEE', known('member')],
  ['U0BOT', known('member', true)],
  ['U0KIM', known('deactivated')],
  ['U0EVE', known('external')],
]);
const asking = { by: 'U0DANA', account: 'member' as const, seen: 4, named, policy };
const many = Array.from({ length: 20 }, (_, index) => `U0${index}`);

describe('an owner who wants', () => {
  it.each<[string, ApplicationCommand, object | null]>([
    ['another name', { action: 'rename', name: 'Kiosk' }, { name: 'Kiosk', added: [], removed: [] }],
    ['the same name in another case', { action: 'rename', name: 'SHOP' }, { name: 'SHOP', added: [], removed: [] }],
    ['the name it has', { action: 'rename', name: 'Shop' }, null],
    [
      'one more owner',
      { action: 'owners', others: ['U0SAM', 'U0LEE'] },
      { name: 'Shop', added: ['U0LEE'], removed: [] },
    ],
    ['no other owner', { action: 'owners', others: [] }, { name: 'Shop', added: [], removed: ['U0SAM'] }],
    ['the owners it has', { action: 'owners', others: ['U0SAM', 'U0DANA', 'U0SAM'] }, null],
    [
      'someone else instead',
      { action: 'hand-over', to: 'U0LEE' },
      { name: 'Shop', added: ['U0LEE'], removed: ['U0DANA'] },
    ],
    ['a co-owner instead', { action: 'hand-over', to: 'U0SAM' }, { name: 'Shop', added: [], removed: ['U0DANA'] }],
    ['to leave', { action: 'leave' }, { name: 'Shop', added: [], removed: ['U0DANA'] }],
    ['to delete it', { action: 'delete', typed: ' Shop\u200b ' }, { name: 'Shop', added: [], removed: [] }],
  ])('%s', (_, wish, change) => {
    const expected = change && { action: wish.action, ...change };
    expect(evaluate(shop, wish, asking)).toEqual({ ok: true, change: expected });
  });

  it.each<[string, ApplicationCommand, object]>([
    ['an app among them', { action: 'owners', others: ['U0BOT'] }, { kind: 'cannot-own', why: 'app' }],
    ['someone who was deactivated', { action: 'hand-over', to: 'U0KIM' }, { kind: 'cannot-own', why: 'deactivated' }],
    ['a guest', { action: 'owners', others: ['U0SAM', 'U0EVE'] }, { kind: 'cannot-own', why: 'external' }],
    ['someone Slack says nothing of', { action: 'hand-over', to: 'U0WHO' }, { kind: 'cannot-own', why: 'unsure' }],
    ['more owners than there may be', { action: 'owners', others: many }, { kind: 'too-many-owners' }],
    ['to delete it by another name', { action: 'delete', typed: 'shop' }, { kind: 'wrong-name', name: 'Shop' }],
  ])('%s is refused', (_, wish, refusal) => {
    expect(evaluate(shop, wish, asking)).toEqual({ ok: false, refusal });
  });

  it('a guest, where external people may own, gets one', () => {
    const wish = { action: 'hand-over', to: 'U0EVE' } as const;
    expect(evaluate(shop, wish, { ...asking, policy: { ...policy, allowExternal: true } }).ok).toBe(true);
  });

  it('to leave alone an application without another owner is refused', () => {
    const alone = { ...shop, owners: ['U0DANA'] };
    expect(evaluate(alone, { action: 'leave' }, asking)).toEqual({ ok: false, refusal: { kind: 'only-owner' } });
  });
});

describe('whatever the command', () => {
  const wishes: ApplicationCommand[] = [
    { action: 'rename', name: 'Kiosk' },
    { action: 'owners', others: ['U0LEE'] },
    { action: 'hand-over', to: 'U0LEE' },
    { action: 'leave' },
    { action: 'delete', typed: 'Shop' },
  ];
  it.each(wishes)('$action is for owners, of an application that is there, as they saw it', (wish) => {
    const refused = (application: typeof shop, over: object) => {
      const outcome = evaluate(application, wish, { ...asking, ...over });
      return outcome.ok ? null : outcome.refusal.kind;
    };
    expect(refused(shop, {})).toBe(null);
    expect(refused(shop, { by: 'U0LEE' })).toBe('not-an-owner');
    expect(refused({ ...shop, deleted: true }, {})).toBe('gone');
    expect(refused(shop, { seen: 3 })).toBe('stale');
    expect(refused(shop, { account: 'deactivated' })).toBe('deactivated');
    expect(refused(shop, { account: undefined })).toBe('unsure');
  });
});

it('an owner who has left Slack is removed once', () => {
  expect(ownerLeft(shop, 'U0SAM')).toEqual({ action: 'depart', name: 'Shop', added: [], removed: ['U0SAM'] });
  expect(ownerLeft({ ...shop, owners: ['U0DANA'] }, 'U0SAM')).toBe(null);
  expect(ownerLeft({ ...shop, deleted: true }, 'U0SAM')).toBe(null);
});

describe('an application without an owner', () => {
  const orphan = { ...shop, owners: [] };
  const askInstead = { users: [], groups: [], channel: 'C0ADMIN' };
  const adopting = { to: 'U0LEE', seen: 4, named, policy, admin: true as boolean | undefined, askInstead };
  it.each([
    ['is given to someone by an admin', orphan, {}, null],
    ['by no one else', orphan, { admin: false }, 'not-an-admin'],
    ['by no one of whom Slack does not say so', orphan, { admin: undefined }, 'unsure'],
    ['once', shop, {}, 'owned'],
    ['not as it was before', orphan, { seen: 3 }, 'stale'],
    ['not after it was deleted', { ...orphan, deleted: true }, {}, 'gone'],
    ['not to an app', orphan, { to: 'U0BOT' }, 'cannot-own'],
  ])('%s', (_, application, over, refusal) => {
    const outcome = evaluateAssignment(application, { ...adopting, ...over });
    expect(outcome.ok ? null : outcome.refusal.kind).toBe(refusal);
  });
});

it.each([
  ['who came and who went, but not the one who did it', 'owners', ['U0LEE'], ['U0SAM'], ['U0LEE', 'U0SAM']],
  ['no one of their own leaving', 'leave', [], ['U0DANA'], []],
  ['the others, where it is deleted', 'delete', [], [], ['U0SAM']],
  ['no one of a name', 'rename', [], [], []],
  ['also who stays, where another takes the place of one', 'hand-over', ['U0LEE'], ['U0DANA'], ['U0LEE', 'U0SAM']],
] as const)('of a change hear: %s', (_, action, added, removed, told) => {
  const change = { action, name: 'Shop', added: [...added], removed: [...removed] };
  expect(ownersToNotify(change, shop.owners, 'U0DANA')).toEqual(told);
});

it('the remaining owners are told when an owner leaves', () => {
  const change = { action: 'depart', name: 'Shop', added: [], removed: ['U0SAM'] } as const;
  expect(ownersToNotify({ ...change, added: [], removed: ['U0SAM'] }, shop.owners, null)).toEqual(['U0DANA']);
});

it('an approval channel is told of each once, the first ten by name', () => {
  const found = [
    ['C0MAPS', 1],
    ['C0MAPS', 1],
    [null, 1],
    ...Array.from({ length: 12 }, (_, index) => ['C0MAPS', index + 2] as const),
    [null, 13],
  ] as const;
  const places = found.reduce<ApprovalPlace[]>((sum, [place, id]) => countAtPlace(sum, place, id), []);
  expect(places).toEqual([
    { place: 'C0MAPS', first: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], total: 13, last: 13 },
    { place: null, first: [1, 13], total: 2, last: 13 },
  ]);
});
