/** Services: the admin's forms, confirmations, refusals, history, and what the channel reads about a change. */
import type { ServiceChange, ServiceRecord, ServiceRefusal } from '../../../src/domain/service.ts';
import { confirmChangeModal, confirmedToggles } from '../../../src/views/service/confirm-change.ts';
import {
  cannotDecideText,
  channelFieldErrors,
  noActiveApprovers,
  noGateway,
  noKeys,
  notCheckedText,
  readServiceForm,
  reviewNotice,
  serviceRefusalText,
  slugTakenError,
} from '../../../src/views/service/form.ts';
import { maxEvents, serviceHistoryModal } from '../../../src/views/service/history-modal.ts';
import { groupOption, groupsPicker, serviceModal } from '../../../src/views/service/modal.ts';
import { ruleChangeMessage } from '../../../src/views/service/rule-change.ts';
import { closedText } from '../../../src/views/service/state.ts';
import { alex, approvers, at, dana, event, type Facts, id, leads, list, members, priya } from '../facts.ts';
import type { Scene } from '../scenes.ts';

export function serviceScenes(facts: Facts): Scene[] {
  const { service: name, reason, gateway, group } = facts;
  const access = { gateway, group, credential: 'key' } as const;
  const record: ServiceRecord = {
    slug: 'orders',
    name,
    description: facts.description,
    docs: facts.docs,
    registrationEnabled: true,
    autoApprove: false,
    channel: 'C0REQUESTS',
    approvers: [alex, leads],
    access,
    retired: false,
    managedBy: 'slack',
  };
  const changes: ServiceChange[] = [
    {
      version: 2,
      actor: alex,
      before: record,
      after: {
        ...record,
        registrationEnabled: false,
        autoApprove: true,
        retired: true,
        channel: null,
        approvers: [],
        access: null,
        managedBy: 'file',
      },
      at,
    },
    { version: 1, actor: null, before: null, after: record, at },
  ];
  const { retired: _, managedBy: __, slug: ___, ...typed } = record;
  const gateways = [{ name: gateway, kind: 'kong' as const }];
  const said = { slug: 'orders', channel: null, approvers: [], auto: false, active: 2, access: null, closes: false };
  const review = {
    adding: false,
    more: false,
    audience: 'invited' as const,
    unseeing: { asked: [], tooLarge: [] },
    change: undefined,
  };
  const asked = [
    reviewNotice(approvers, said, review),
    reviewNotice(members, { ...said, auto: true, active: 1, access }, { ...review, adding: true, audience: 'anybody' }),
    reviewNotice(members, { ...said, active: 50 }, { ...review, more: true, audience: 'shared' }),
    reviewNotice(approvers, said, { ...review, unseeing: { asked: [priya, dana], tooLarge: [leads] } }),
    reviewNotice(approvers, said, {
      ...review,
      change: { before: access, pending: 0, approved: 1, autoApprove: false },
    }),
    reviewNotice(
      approvers,
      { ...said, access },
      { ...review, change: { before: null, pending: 0, approved: 3, autoApprove: false } },
    ),
    reviewNotice(
      approvers,
      { ...said, access },
      { ...review, change: { before: { ...access, gateway: 'west' }, pending: 0, approved: 3, autoApprove: false } },
    ),
  ];
  asked.push(
    reviewNotice(
      approvers,
      { ...said, auto: true, closes: true },
      { ...review, change: { before: null, pending: 2, approved: 1, autoApprove: false } },
    ),
  );
  const refusals: ServiceRefusal[] = [
    { kind: 'not-an-admin', askInstead: approvers },
    { kind: 'unsure' },
    { kind: 'gone' },
    { kind: 'managed-by-file' },
    { kind: 'stale', version: 2, since: changes },
    { kind: 'stale', version: 2, since: [] },
    { kind: 'slug-taken' },
  ];
  const empty = readServiceForm({});
  const filled = {
    name: { name: { value: name } },
    slug: { slug: { value: '' } },
    description: { description: { value: null } },
    docs: { docs: { value: null } },
    channel: { channel: { selected_conversation: null } },
    people: { people: { selected_users: [] } },
    groups: { [groupsPicker]: { selected_options: [] } },
    registration: { registration: { selected_option: { value: 'enabled' } } },
    approval: { approval: { selected_option: { value: 'manual' } } },
  };
  const wrong = [
    { ...filled, slug: { slug: { value: 'A B' } } },
    { ...filled, 'access-gateway': { 'access-gateway': { selected_option: { value: 'A B' } } } },
    { ...filled, 'access-group': { 'access-group': { value: group } } },
    { ...filled, 'access-gateway': { 'access-gateway': { selected_option: { value: gateway } } } },
    { ...filled, 'access-credential': { 'access-credential': { selected_option: null } } },
  ].map(readServiceForm);
  const history = list(facts.rows(maxEvents - 2), (index) => ({
    at,
    registration: index,
    version: 2,
    entry: event(2, 'reject', 'pending', 'rejected', { reason }),
    application: facts.application,
    requester: dana,
  }));
  return [
    ['Service: add', serviceModal({ remembers: '', adding: true, typed: {}, groups: [], gateways: [] })],
    [
      'Service: edit, reviewed',
      serviceModal({
        remembers: '',
        adding: false,
        typed,
        groups: [{ id: leads, handle: 'payments-leads' }],
        gateways,
        asked: asked[0] ?? '',
      }),
    ],
    [
      'Service: edit, changed by another meanwhile',
      serviceModal({ remembers: '', adding: false, typed, groups: [], gateways, overtaken: changes }),
    ],
    [
      'Service: edit, changed meanwhile',
      serviceModal({ remembers: '', adding: false, typed, groups: [], gateways, overtaken: [] }),
    ],
    [
      'Service: groups to choose',
      { options: list(facts.rows(100), () => groupOption({ id: leads, handle: 'payments-leads' })) },
    ],
    ['Service: the review', asked.join('\n\n')],
    [
      'Service: errors on a field',
      [
        ...[empty, ...wrong].flatMap((read) => (read.ok ? [] : Object.values(read.errors))),
        ...Object.values(slugTakenError('orders')),
        ...Object.values(channelFieldErrors),
        ...Object.values(cannotDecideText([facts.person])),
        ...Object.values(noKeys),
        ...Object.values(noGateway(gateway)),
        noActiveApprovers,
        notCheckedText,
      ].join('\n'),
    ],
    ...confirmedToggles.flatMap((what): Scene[] =>
      [
        { pending: 0, approved: 1 },
        { pending: 1, approved: 0 },
        { pending: 2, approved: 40 },
      ].map((impact) => [
        `Service: ${what}, ${impact.pending} pending and ${impact.approved} approved`,
        confirmChangeModal(what, { publicId: id, version: 1, name, access }, impact),
      ]),
    ),
    ['Service: closed', (['disabled', 'retired'] as const).map(closedText).join('\n')],
    ['Service: refusals', refusals.map(serviceRefusalText).join('\n')],
    ...changes.map(
      (change): Scene => [
        `To the channel: rules changed, version ${change.version}`,
        ruleChangeMessage({ name }, change),
      ],
    ),
    [
      'Service: history',
      serviceHistoryModal({
        publicId: id,
        service: name,
        newest: false,
        older: true,
        events: [...history, ...changes.map((change) => ({ at, registration: 0, version: change.version, change }))],
      }),
    ],
    [
      'Service: history of nothing',
      serviceHistoryModal({ publicId: id, service: name, newest: true, older: false, events: [] }),
    ],
  ];
}
