/** Who may decide: the policy as a table. */
import { describe, expect, it } from 'vitest';
import {
  type Account,
  allowedApprovers,
  checkAccount,
  checkDecision,
  checkOwnerAccount,
  isApprover,
  membershipsToCheck,
} from '../../src/domain/authorization.ts';

const policy = { approvers: [] as string[], adminChannel: 'C0ADMIN', allowSelfApproval: false, allowExternal: false };
const everything = (kind: string) => ({ decides: kind, asks: kind, owns: kind });
const plain = { approvers: [] as string[], channel: null };
const everybodyIn = (...ids: string[]) => new Map(ids.map((id) => [id, true]));
/** What Slack says of a full member. */
const member = (of: Map<string, boolean>) => ({ account: 'member' as const, of });

const danas = { requester: 'U0DANA', owners: ['U0DANA'], ownersAtRequest: ['U0DANA'] };

describe('the approvers of a request', () => {
  it.each([
    [
      'the members of the admin channel, where nothing is set',
      plain,
      {},
      { users: [], groups: [], channel: 'C0ADMIN' },
    ],
    [
      "the members of the service's own channel",
      { approvers: [], channel: 'C0PAY' },
      {},
      { users: [], groups: [], channel: 'C0PAY' },
    ],
    [
      'APPROVERS, where they are set',
      plain,
      { approvers: ['U0ALEX', 'S0LEADS'] },
      { users: ['U0ALEX'], groups: ['S0LEADS'], channel: 'C0ADMIN' },
    ],
    [
      "the service's approvers before APPROVERS",
      { approvers: ['W0PRIYA'], channel: 'C0PAY' },
      { approvers: ['U0ALEX'] },
      { users: ['W0PRIYA'], groups: [], channel: 'C0PAY' },
    ],
  ])('%s', (_, service, set, approvers) => {
    expect(allowedApprovers(service, { ...policy, ...set })).toEqual(approvers);
  });
});

describe('who may decide', () => {
  const named = { approvers: ['U0ALEX', 'S0LEADS'], channel: null };
  const nobody = new Map<string, boolean>();
  it.each([
    ['a named approver', named, 'U0ALEX', nobody, null],
    ['a member of a named group', named, 'U0PRIYA', everybodyIn('S0LEADS'), null],
    [
      'not someone else, also not a member of the channel',
      named,
      'U0LEE',
      new Map([
        ['S0LEADS', false],
        ['C0ADMIN', true],
      ]),
      'not-an-approver',
    ],
    ['a member of the channel, where no one is named', plain, 'U0LEE', everybodyIn('C0ADMIN'), null],
    ['not someone outside the channel', plain, 'U0LEE', new Map([['C0ADMIN', false]]), 'not-an-approver'],
    ['no one on a guess, where Slack did not answer', plain, 'U0LEE', nobody, 'unsure'],
    [
      'not the requester, even as a named approver',
      { approvers: ['U0DANA'], channel: null },
      'U0DANA',
      nobody,
      'own-request',
    ],
    ['not the requester, even in the channel', plain, 'U0DANA', everybodyIn('C0ADMIN'), 'own-request'],
  ])('%s', (_, service, person, memberships, kind) => {
    const refusal = checkDecision(person, danas, allowedApprovers(service, policy), member(memberships), policy);
    expect(refusal?.kind ?? null).toBe(kind);
  });

  it.each([
    ['who owns the application now', { owners: ['U0ALEX'] }],
    ['one of several owners', { owners: ['U0DANA', 'U0ALEX'] }],
    ['who owned it when it was asked for', { ownersAtRequest: ['U0ALEX', 'U0DANA'] }],
  ])('not %s, however they are named; unless ALLOW_SELF_APPROVAL', (_, owned) => {
    for (const [allowSelfApproval, kind] of [
      [false, 'own-application'],
      [true, undefined],
    ] as const) {
      const set = { ...policy, allowSelfApproval, approvers: ['U0ALEX'] };
      const decided = checkDecision(
        'U0ALEX',
        { ...danas, ...owned },
        allowedApprovers(plain, set),
        member(new Map()),
        set,
      );
      expect(decided?.kind).toBe(kind);
    }
  });

  it('the requester, with ALLOW_SELF_APPROVAL and as an approver', () => {
    const allowed = { ...policy, allowSelfApproval: true };
    const refuse = (memberships: Map<string, boolean>) =>
      checkDecision('U0DANA', danas, allowedApprovers(plain, allowed), member(memberships), allowed);
    expect(refuse(everybodyIn('C0ADMIN'))).toBe(null);
    expect(refuse(new Map([['C0ADMIN', false]]))?.kind).toBe('not-an-approver');
  });

  it('Slack is not asked about named users, and about the channel only without named approvers', () => {
    expect(membershipsToCheck(allowedApprovers(named, policy), 'U0ALEX')).toEqual([]);
    expect(membershipsToCheck(allowedApprovers(named, policy), 'U0LEE')).toEqual(['S0LEADS']);
    expect(membershipsToCheck(allowedApprovers(plain, policy), 'U0LEE')).toEqual(['C0ADMIN']);
  });

  it.each<
    [
      Account | undefined,
      Record<'decides' | 'asks' | 'owns', string | null>,
      Record<'decides' | 'asks' | 'owns', string | null>,
    ]
  >([
    ['member', { decides: null, asks: null, owns: null }, { decides: null, asks: null, owns: null }],
    ['external', { decides: 'external', asks: 'external', owns: null }, { decides: null, asks: null, owns: null }],
    ['deactivated', everything('deactivated'), everything('deactivated')],
    [undefined, everything('unsure'), everything('unsure')],
  ])('an account that is %s', (account, usually, external) => {
    for (const [allowExternal, expected] of [
      [false, usually],
      [true, external],
    ] as const) {
      const set = { ...policy, approvers: ['U0ALEX'], allowExternal };
      const approvers = allowedApprovers(plain, set);
      const memberships = { account, of: new Map() };
      expect(checkDecision('U0ALEX', danas, approvers, memberships, set)?.kind ?? null).toBe(expected.decides);
      expect(checkAccount(account, set)?.kind ?? null).toBe(expected.asks);
      expect(checkOwnerAccount(account)?.kind ?? null).toBe(expected.owns);
      const approver = expected.decides === null || (expected.decides === 'unsure' ? undefined : false);
      expect(isApprover('U0ALEX', approvers, memberships, set)).toBe(approver);
      // A user who is no approver may not decide, whatever their account.
      expect(isApprover('U0LEE', approvers, memberships, set)).toBe(false);
    }
  });
});
