/** The table of states, row by row, and what no sequence of actions can do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  actions,
  actorFor,
  effectsOfRequest,
  initialStatus,
  isLive,
  nextStatus,
  type Status,
  statuses,
  statusesAllowing,
  transition,
} from '../../src/domain/registration.ts';
import { checkRequest } from '../../src/domain/request.ts';

/** The contract's table, written out by hand a second time. */
const allowed: [from: Status, action: Action, by: 'approver' | 'owner' | 'requester' | 'time', to: Status][] = [
  ['pending', 'approve', 'approver', 'approved'],
  ['pending', 'reject', 'approver', 'rejected'],
  ['approved', 'revoke', 'approver', 'revoked'],
  ['revoked', 'reinstate', 'approver', 'approved'],
  ['pending', 'edit', 'requester', 'pending'],
  ['pending', 'unregister', 'owner', 'unregistered'],
  ['approved', 'unregister', 'owner', 'unregistered'],
  ['rejected', 'unregister', 'owner', 'unregistered'],
  ['pending', 'delete', 'approver', 'deleted'],
  ['approved', 'delete', 'approver', 'deleted'],
  ['rejected', 'delete', 'approver', 'deleted'],
  ['revoked', 'delete', 'approver', 'deleted'],
  ['pending', 'expire', 'time', 'expired'],
];

const every = statuses.flatMap((from) => actions.map((action) => ({ from, action })));
const at = new Date('2026-11-02T09:00:00Z');
const owners = ['U0DANA', 'U0SAM'];
const facts = (status: Status, version: number) => ({
  id: 7,
  status,
  version,
  owners,
  last: { status, by: 'U0ALEX', at },
});

describe('the transitions of a registration', () => {
  it.each(allowed)('%s, %s by %s, becomes %s', (from, action, by, to) => {
    expect(actorFor[action]).toBe(by);
    expect(transition(facts(from, 3), action, 3)).toMatchObject({ ok: true, to });
  });

  const refused = every.filter(({ from, action }) => !allowed.some(([f, a]) => f === from && a === action));
  it.each(refused)('$from cannot $action, and says what it already is', ({ from, action }) => {
    expect(transition(facts(from, 3), action, 3)).toEqual({
      ok: false,
      refusal: { kind: 'already', action, last: { status: from, by: 'U0ALEX', at } },
    });
  });

  it('covers every status and every action', () => {
    expect(allowed.length + refused.length).toBe(statuses.length * actions.length);
    expect(statusesAllowing('unregister')).toEqual(['pending', 'approved', 'rejected']);
  });

  it.each([
    ['pending', true],
    ['approved', true],
    ['rejected', true],
    ['revoked', true],
    ['unregistered', false],
    ['deleted', false],
    ['expired', false],
  ] as const)('%s is live: %s', (status, live) => expect(isLive(status)).toBe(live));

  it('a button of an earlier version does nothing', () => {
    expect(transition(facts('approved', 4), 'revoke', 2)).toMatchObject({ ok: false, refusal: { kind: 'stale' } });
    expect(transition(facts('approved', 4), 'revoke', 5)).toMatchObject({ ok: false, refusal: { kind: 'stale' } });
  });

  it.each([
    ['approve', true, true],
    ['reject', true, true],
    ['edit', false, false],
    ['unregister', false, false],
    ['delete', true, true],
    ['expire', true, false],
  ] as const)('%s updates the card; every owner hears of it: %s, also by e-mail: %s', (action, told, mailed) => {
    const outcome = transition(facts('pending', 1), action, 1);
    const effects = outcome.ok ? outcome.effects : [];
    expect(effects).toContainEqual({ kind: 'card', registration: 7, version: 2 });
    expect(effects).toContainEqual({ kind: 'homes', registration: 7, version: 2 });
    const events = [{ registration: 7, version: 2 }];
    const each = (kind: string) => owners.map((person) => ({ kind, person, events }));
    expect(effects.filter(({ kind }) => kind === 'decision')).toEqual(told ? each('decision') : []);
    expect(effects.filter(({ kind }) => kind === 'decision-mail')).toEqual(mailed ? each('decision-mail') : []);
  });

  it.each([
    [false, false, false, 'pending'],
    [true, false, false, 'approved'],
    [false, true, false, 'approved'],
    [true, true, false, 'approved'],
    [false, true, true, 'pending'],
    [true, true, true, 'approved'],
  ] as const)(
    'auto approval by workspace %s, by service %s, loosened %s: begins %s',
    (workspace, service, loosened, status) => {
      expect(initialStatus({ workspace, service, loosened })).toBe(status);
      const approvers = { users: ['U0ALEX'], groups: [], channel: 'C0REQUESTS' };
      const told = { requester: 'U0DANA', owners: ['U0DANA'] };
      expect(effectsOfRequest([{ id: 7, status, approvers }], told).map(({ kind }) => kind)).toEqual(
        status === 'approved'
          ? ['card', 'homes', 'decision', 'decision-mail']
          : ['card', 'homes', 'receipt', 'ask-approvers'],
      );
    },
  );
});

describe('in any order of actions', () => {
  const clicks = fc.array(fc.record({ action: fc.constantFrom(...actions), behind: fc.constantFrom(0, 0, 0, 1, -1) }));

  it('a registration stays within the table, its version only rises, and a closed one never changes', () => {
    fc.assert(
      fc.property(clicks, fc.boolean(), (sequence, auto) => {
        let status = initialStatus({ workspace: auto, service: false, loosened: false });
        let version = 1;
        for (const { action, behind } of sequence) {
          const before = { status, version };
          const outcome = transition(facts(status, version), action, version - behind);
          if (outcome.ok) {
            expect(allowed).toContainEqual([status, action, actorFor[action], outcome.to]);
            expect(behind).toBe(0);
            expect(isLive(before.status)).toBe(true);
            const event = { registration: 7, version: version + 1 };
            for (const effect of outcome.effects)
              expect('events' in effect ? effect.events : [effect]).toEqual([expect.objectContaining(event)]);
            status = outcome.to;
            version += 1;
          }
          expect(version).toBeGreaterThanOrEqual(before.version);
          if (!isLive(before.status)) expect({ status, version }).toEqual(before);
        }
      }),
    );
  });

  it('the table leads to no status outside of it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses), fc.constantFrom(...actions), (status, action) => {
        const to = nextStatus(status, action);
        if (to !== undefined) expect(statuses).toContain(to);
      }),
    );
  });
});

describe('what may be requested', () => {
  const service = (id: number, more: object = {}) => ({
    id,
    name: `Service ${id}`,
    registrationEnabled: true,
    channelError: null,
    existing: null,
    ...more,
  });
  const since = at;

  it.each([
    ['services that are there and free', [1, 2], [service(1), service(2)], null],
    ['a service chosen twice counts once', [1, 1], [service(1)], null],
    ['one that is not in the catalog', [1, 9], [service(1)], { field: 'services', kind: 'unknown-service' }],
    [
      'one that takes no registrations',
      [1, 2],
      [service(1), service(2, { registrationEnabled: false })],
      { field: 'services', kind: 'disabled', services: ['Service 2'] },
    ],
    [
      'one whose channel takes no posts',
      [1, 2],
      [service(1), service(2, { channelError: 'is_archived' })],
      { field: 'services', kind: 'unreachable', services: ['Service 2'] },
    ],
    [
      'one that the application has already',
      [1],
      [service(1, { existing: { status: 'rejected', since } })],
      { field: 'services', kind: 'existing', existing: [{ service: 'Service 1', status: 'rejected', since }] },
    ],
  ] as const)('%s', (_, chosen, services, refusal) => {
    expect(checkRequest(chosen.map(String), [...services])).toEqual(refusal);
  });
});
