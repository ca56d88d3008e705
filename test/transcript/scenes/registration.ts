/** Registrations: the card in every state, what is sent about them, their history and the list. */
import { gatewayFailures, type ShownAccess } from '../../../src/domain/access.ts';
import type { HistoryEvent, Registration, Status } from '../../../src/domain/registration.ts';
import { maxListed } from '../../../src/views/channel/reminder.ts';
import { describeShownAccess } from '../../../src/views/registration/access.ts';
import {
  accessChangeOverMessage,
  accessEndedMessage,
  accessLostMessage,
  accessOpenMessage,
} from '../../../src/views/registration/access-messages.ts';
import { approverMessage } from '../../../src/views/registration/approver-message.ts';
import { approverReminder } from '../../../src/views/registration/approver-reminder.ts';
import { accessEndedReply, movedCard, requestCard } from '../../../src/views/registration/card.ts';
import { type Decided, decisionMessage } from '../../../src/views/registration/decision-message.ts';
import { renderEmail } from '../../../src/views/registration/email.ts';
import {
  historyModal,
  historyUnavailable,
  loadingHistory,
  pageSize,
} from '../../../src/views/registration/history-modal.ts';
import { maxRegistrationsListed, registrationList } from '../../../src/views/registration/list.ts';
import { pendingMessage, withdrawnText } from '../../../src/views/registration/pending-message.ts';
import { receiptMessage } from '../../../src/views/registration/receipt.ts';
import {
  after,
  alex,
  approvers,
  at,
  dana,
  event,
  type Facts,
  id,
  leads,
  list,
  members,
  now,
  registration,
  unseen,
} from '../facts.ts';
import type { Scene } from '../scenes.ts';

const link = 'https://acme.slack.com/archives/C0REQUESTS/p1';
const context = { linkTo: () => link };

type Act = [HistoryEvent['action'], Status, Status, Partial<HistoryEvent>?];

export function registrationScenes(facts: Facts): Scene[] {
  const { service, application, reason, gateway } = facts;
  const pending = registration(facts);
  const acts: Act[] = [
    ['approve', 'pending', 'approved'],
    ['approve', 'pending', 'approved', { reason }],
    ['reject', 'pending', 'rejected', { reason }],
    ['revoke', 'approved', 'revoked', { reason }],
    ['reinstate', 'revoked', 'approved'],
    ['unregister', 'approved', 'unregistered', { actor: dana }],
    ['unregister', 'pending', 'unregistered', { actor: dana }],
    ['delete', 'pending', 'deleted'],
    ['delete', 'approved', 'deleted'],
    ['expire', 'pending', 'expired', { actor: null }],
    ['edit', 'pending', 'pending', { actor: dana, reason }],
  ];
  const shown: ShownAccess[] = [
    { kind: 'open', gateway, since: at, keys: id },
    { kind: 'on-its-way', gateway, failure: null },
    ...gatewayFailures.map((failure) => ({ kind: 'on-its-way' as const, gateway, failure })),
    { kind: 'still-open', gateway, since: at, failure: null },
    { kind: 'still-open', gateway, since: at, failure: 'timeout' },
    {
      kind: 'open',
      gateway: 'west',
      since: at,
      keys: id,
      former: { kind: 'still-open', gateway, since: at, failure: null },
    },
  ];
  const withAccess = (access: ShownAccess | null): [Decided, ...Decided[]] => {
    const approved = after(facts, 'approve', 'pending', 'approved');
    return [{ ...approved, registration: { ...approved.registration, access } }];
  };
  const automatic: Registration = {
    ...pending,
    status: 'approved',
    history: [event(1, 'request', null, 'approved', { actor: dana, reason })],
  };
  const previous = (history: HistoryEvent[]) => ({
    application,
    requester: dana,
    requestedAt: at,
    card: { channel: 'C0REQUESTS', ts: '1.1' },
    history: [event(1, 'request', null, 'pending', { actor: dana }), ...history],
  });
  const many = list(facts.rows(10), () => after(facts, 'approve', 'pending', 'approved'));
  const [one, ...others] = many;
  const several: [Decided, ...Decided[]] = [one ?? after(facts, 'approve', 'pending', 'approved'), ...others];
  const expired = after(facts, 'expire', 'pending', 'expired', { actor: null });
  const rejected = after(facts, 'reject', 'pending', 'rejected', { reason });
  const revoked = after(facts, 'revoke', 'approved', 'revoked', { reason, version: 3 });
  const listed = { id: 1, publicId: id, version: 1, service, application };
  const waiting = {
    ...listed,
    requestedAt: at,
    approvers,
    reminded: { users: [], groups: [leads], channel: null },
    state: 'open' as const,
    owned: true,
  };
  const row = (index: number) => ({
    ...listed,
    id: index,
    called: facts.person,
    requestedAt: at,
    link: undefined,
    state: index === 1 ? ('disabled' as const) : ('open' as const),
    elsewhere: undefined,
    expires: index === 1 ? now : undefined,
    snoozed: index === 1 ? { by: alex, until: now } : undefined,
  });
  const reader = { total: 1, home: 'slack://app?team=T0', now };
  const over = { ...reader, total: 0 };
  const decided = { status: 'approved', changedBy: alex, changedAt: at } as const;
  const otherwise = { ...decided, status: 'pending' } as const;
  const entries = list(facts.rows(pageSize), (index) =>
    event(pageSize - index, 'reject', 'pending', 'rejected', { reason }),
  );
  return [
    [
      'Card: pending',
      requestCard(
        {
          ...pending,
          otherServices: list(facts.rows(9), (index) => `${service} ${index}`),
          previousRequests: list(facts.rows(3), () =>
            previous([
              event(2, 'reject', 'pending', 'rejected', { reason }),
              event(3, 'unregister', 'rejected', 'unregistered', { actor: dana }),
            ]),
          ),
        },
        { ...context, title: facts.title },
      ),
    ],
    ['Card: pending, the first of its application', requestCard({ ...pending, approvers: members, owners: [dana] })],
    [
      'Card: pending, of a service that is disabled',
      requestCard({ ...pending, service: { ...pending.service, state: 'disabled' } }),
    ],
    [
      'Card: pending, of a service that is retired',
      requestCard({ ...pending, service: { ...pending.service, state: 'retired' } }),
    ],
    ['Card: pending, its application deleted', requestCard({ ...pending, applicationDeleted: true, owners: [] })],
    [
      'Card: pending, asked before and still pending, or approved automatically',
      requestCard({
        ...pending,
        previousRequests: [
          previous([]),
          { ...previous([]), history: [event(1, 'request', null, 'approved', { actor: dana })], card: null },
        ],
      }),
    ],
    ...acts.map(
      ([action, from, to, over]): Scene => [
        `Card: ${action}, ${from} → ${to}${over?.reason && action === 'approve' ? ', with a note' : ''}`,
        requestCard(after(facts, action, from, to, over).registration),
      ],
    ),
    [
      'Card: decided many times',
      requestCard({
        ...after(facts, 'reject', 'pending', 'rejected', { reason }).registration,
        history: list(facts.rows(40), (index) =>
          index % 2 === 0
            ? event(index + 1, 'revoke', 'approved', 'revoked', { reason })
            : event(index + 1, 'reinstate', 'revoked', 'approved'),
        ),
      }),
    ],
    [
      'Card: unregistered, and asked for again',
      requestCard({
        ...after(facts, 'unregister', 'rejected', 'unregistered', { actor: dana }).registration,
        askedAgain: true,
      }),
    ],
    ['Card: approved automatically', requestCard(automatic)],
    ...shown.map(
      (access): Scene => [
        `Card: access ${access.kind}, ${'failure' in access ? access.failure : 'well'}`,
        requestCard({ ...automatic, access }),
      ],
    ),
    ['Card: moved', movedCard(pending, { channel: 'C0GENERAL', link })],
    ['Card: moved to where its readers cannot see it', movedCard(pending, null)],
    ...acts
      .filter(([, from, to]) => from === 'approved' && to !== 'revoked')
      .map(([action, from, to, over]): Scene => {
        const { registration: ended, entry } = after(facts, action, from, to, over);
        return [`Reply at the card: ${action}`, accessEndedReply(ended, entry)];
      }),
    [
      'Reply at the card: unregistered, with access at a gateway',
      accessEndedReply(
        { ...pending, access: { kind: 'still-open', gateway, since: at, failure: null } },
        event(2, 'unregister', 'approved', 'unregistered', { actor: dana }),
      ),
    ],
    ['Receipt: one service', receiptMessage(application, at, [{ service, status: 'pending', approvers }])],
    [
      'Receipt: several services',
      receiptMessage(
        application,
        at,
        list(facts.rows(10), (index) => ({
          service,
          status: index === 0 ? ('approved' as const) : ('pending' as const),
          approvers: index === 1 ? unseen : approvers,
        })),
      ),
    ],
    ['To an approver who cannot see the card', approverMessage(pending, { able: true, home: 'slack://app?team=T0' })],
    [
      'To this approver, when it is decided',
      approverMessage(after(facts, 'approve', 'pending', 'approved').registration, { able: false, home: undefined }),
    ],
    ['To this approver, when others decide', approverMessage(pending, { able: false, home: undefined })],
    ...acts
      .filter(([action]) => action !== 'edit' && action !== 'unregister')
      .flatMap(([action, from, to, over]): Scene[] => {
        const decided: [Decided, ...Decided[]] = [after(facts, action, from, to, over)];
        const name = `${action}, ${from} → ${to}${over?.reason && action === 'approve' ? ', with a note' : ''}`;
        return [
          [`To the owners: ${name}`, decisionMessage(decided)],
          [`Mail to the owners: ${name}`, renderEmail(decided, { decidedBy: facts.person, app: 'slack://app' })],
        ];
      }),
    [
      'To the owners: approved automatically',
      decisionMessage([{ registration: automatic, entry: event(1, 'request', null, 'approved') }]),
    ],
    [
      'To the owners: revoked, and calls still go through',
      decisionMessage([
        {
          ...after(facts, 'revoke', 'approved', 'revoked', { reason }),
          registration: {
            ...after(facts, 'revoke', 'approved', 'revoked', { reason }).registration,
            access: { kind: 'still-open', gateway, since: at, failure: null },
          },
        },
      ]),
    ],
    ['To the owners: edited', decisionMessage([after(facts, 'edit', 'pending', 'pending')])],
    ['To the owners: unregistered', decisionMessage([after(facts, 'unregister', 'approved', 'unregistered')])],
    ['To the owners: several at once', decisionMessage(several)],
    [
      'To the owners: several expired',
      decisionMessage([
        expired,
        ...list(facts.rows(10) - 1, (index) => ({
          ...expired,
          registration: { ...expired.registration, id: index + 2 },
        })),
      ]),
    ],
    ['To the owners: rejected, and asked for again', decisionMessage([{ ...rejected, replaced: true }])],
    ['To the owners: rejected, and its application deleted', decisionMessage([rejected], 'deleted')],
    ['To the owners: expired, and its application deleted', decisionMessage([expired], 'deleted')],
    ['To an owner: rejected, and handed over', decisionMessage([rejected], 'not-owned')],
    ['To an owner: expired, and handed over', decisionMessage([expired], 'not-owned')],
    [
      'To an owner: access open, and handed over',
      decisionMessage(withAccess({ kind: 'open', gateway, since: at, keys: id }), 'not-owned'),
    ],
    [
      'To the owners: approved, and access taken away',
      decisionMessage(withAccess({ kind: 'still-open', gateway, since: at, failure: null })),
    ],
    [
      'To the owners: approved, and revoked since',
      decisionMessage([{ ...after(facts, 'approve', 'pending', 'approved'), registration: revoked.registration }]),
    ],
    ['Mail to the owners: several at once', renderEmail(several, { decidedBy: undefined, app: undefined })],
    ...shown
      .slice(0, 2)
      .map((access): Scene => [`To the owners: access ${access.kind}`, decisionMessage(withAccess(access))]),
    [
      'To the owners: access is open',
      accessOpenMessage({
        application,
        gateway,
        services: list(facts.rows(10), () => ({ registration: id, name: service, credential: 'key' as const })),
      }),
    ],
    ...(
      [
        ['ended', null, false],
        ['ended, and calls still go through', null, true],
        ['ended, and is on its way elsewhere', { gateway: 'west', credential: 'key', open: false }, false],
        ['moved', { gateway: 'west', credential: 'none', open: true }, false],
        ['moved, with keys', { gateway: 'west', credential: 'key', open: true }, false],
      ] as const
    ).map(
      ([what, now, stillOpen]): Scene => [
        `To the owners: access has ${what}`,
        accessLostMessage({ application, gateway, registration: { publicId: id }, service, stillOpen, now }),
      ],
    ),
    [
      'To an owner: access is open, and handed over',
      accessOpenMessage(
        { application, gateway, services: [{ registration: id, name: service, credential: 'key' as const }] },
        false,
      ),
    ],
    [
      'To an owner: access has moved, and handed over',
      accessLostMessage(
        {
          application,
          gateway,
          registration: { publicId: id },
          service,
          stillOpen: false,
          now: { gateway: 'west', credential: 'key', open: true },
        },
        false,
      ),
    ],
    ['To the owners: access had changed, and ended', accessChangeOverMessage([{ service, application }], true)],
    ['To the owners: access had changed, and changed back', accessChangeOverMessage([{ service, application }], false)],
    ['To the owners: access was open', accessEndedMessage([{ service, application }])],
    ['Access, as owners read it', shown.map((access) => describeShownAccess(access, 'owner')).join('\n')],
    ['Reminder to an approver who cannot see the card: one', approverReminder([row(0)], [], { ...reader, total: 1 })],
    [
      'Reminder to this approver: several, and one is over',
      approverReminder(list(facts.rows(maxListed - 1), row), [{ ...listed, ...decided, id: 30 }], {
        ...reader,
        total: 30,
      }),
    ],
    ['Reminder to this approver: over, the only one', approverReminder([], [{ ...listed, ...decided }], over)],
    [
      'Reminder to this approver: over, withdrawn',
      approverReminder([], [{ ...listed, ...decided, status: 'unregistered', changedBy: dana }], over),
    ],
    [
      'Reminder to this approver: over, others decide',
      approverReminder(
        [],
        list(facts.rows(maxListed), (index) => ({ ...listed, ...otherwise, id: index })),
        over,
      ),
    ],
    ['Reminder to the requester: one', pendingMessage([waiting], [], 1)],
    ['Reminder to the requester: handed over', pendingMessage([{ ...waiting, owned: false }], [], 1)],
    [
      'Reminder to the requester: more',
      pendingMessage(
        list(facts.rows(20), (index) => ({ ...waiting, id: index, state: 'disabled' as const })),
        [],
        30,
      ),
    ],
    [
      'Reminder to the requester: whom no one has reminded',
      pendingMessage([{ ...waiting, reminded: undefined }], [], 1),
    ],
    [
      'Reminder to the requester: several approvers',
      pendingMessage([waiting, { ...waiting, id: 2, reminded: { ...unseen, users: [alex] } }], [], 2),
    ],
    [
      'Reminder to the requester: over',
      pendingMessage(
        [],
        (['approved', 'rejected', 'unregistered', 'deleted', 'expired'] as const).map((status, index) => ({
          ...listed,
          id: index,
          status,
          changedBy: status === 'expired' ? null : alex,
          changedAt: at,
        })),
        0,
      ),
    ],
    [
      'Reminder to the requester: over, the only one',
      pendingMessage([], [{ ...listed, status: 'unregistered', changedBy: dana, changedAt: at }], 0),
    ],
    ['Withdrawn from a message', withdrawnText],
    ['History', historyModal({ publicId: id, from: 40, latest: 60, service, application, entries })],
    ['History: loading', loadingHistory],
    ['History: refused', historyUnavailable('Nothing.')],
    [
      '/registrations',
      registrationList({
        page: 1,
        pages: 1,
        total: 99,
        rows: [
          { applicationId: 0, application, registration: null, service: null },
          ...list(facts.rows(maxRegistrationsListed - 1), (index) => ({
            applicationId: index + 1,
            application,
            registration: {
              id: index,
              status: (['pending', 'approved'] as const)[index % 2] ?? ('pending' as const),
              since: at,
              access: index % 2 === 1 ? (shown[0] ?? null) : null,
            },
            service: { name: service },
          })),
        ],
      }),
    ],
    [
      '/registrations: access',
      registrationList({
        page: 1,
        pages: 1,
        total: shown.length,
        rows: shown.slice(0, 40).map((access, index) => ({
          applicationId: 1,
          application,
          registration: { id: index, status: 'approved' as const, since: at, access },
          service: { name: service },
        })),
      }),
    ],
    ['/registrations: none', registrationList({ page: 1, pages: 1, total: 0, rows: [] })],
  ];
}
