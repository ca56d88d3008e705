/** What the transcript's views are rendered from: the usual texts, or the longest that people can write. */
import type { HistoryEvent, Registration, Status } from '../../src/domain/registration.ts';

export type Facts = {
  service: string;
  application: string;
  reason: string;
  description: string;
  docs: string;
  title: string;
  person: string;
  gateway: string;
  group: string;
  /** How many rows a list has; no more than its page takes. */
  rows: (most: number) => number;
};

export const usual: Facts = {
  service: 'Orders API',
  application: 'Shop',
  reason: 'The shop takes orders.\nSee https://wiki.acme.example/shop',
  description: 'Place, change, cancel and follow orders',
  docs: 'https://docs.acme.example/orders',
  title: 'Developer, Shop team',
  person: 'Dana Reyes',
  gateway: 'edge',
  group: 'orders',
  rows: () => 2,
};

/** Slack counts `&` as five characters: a text of nothing else is the longest. */
export const longest: Facts = {
  service: '&'.repeat(150),
  application: '&'.repeat(12),
  reason: '&'.repeat(1000),
  description: '&'.repeat(1000),
  docs: `https://docs.acme.example/${'a'.repeat(974)}`,
  title: '&'.repeat(255),
  person: '&'.repeat(80),
  gateway: 'g'.repeat(40),
  group: 'g'.repeat(100),
  rows: (most) => most,
};

export const at = new Date('2026-11-02T09:15:00Z');
export const now = new Date('2026-11-03T10:00:00Z');

export const [dana, sam, alex, priya, leads] = ['U0DANA', 'U0SAM', 'U0ALEX', 'U0PRIYA', 'S0PAYMENTS'] as const;
export const id = '00000000-0000-4000-8000-000000000001';

export const approvers = { users: [alex], groups: [leads], channel: 'C0REQUESTS' };
export const members = { users: [], groups: [], channel: 'C0REQUESTS' };
/** What a reader sees who cannot see the channel. */
export const unseen = { users: [], groups: [], channel: null };

export const event = (
  version: number,
  action: HistoryEvent['action'],
  from: Status | null,
  to: Status,
  over: Partial<HistoryEvent> = {},
): HistoryEvent => ({ version, actor: alex, action, from, to, reason: null, at, ...over });

export function registration(facts: Facts, over: Partial<Registration> = {}): Registration {
  const requested = event(1, 'request', null, 'pending', { actor: dana, reason: facts.reason });
  return {
    id: 1,
    publicId: id,
    version: 1,
    status: 'pending',
    service: { name: facts.service, description: facts.description, docs: facts.docs, state: 'open' },
    application: facts.application,
    owners: [dana, sam],
    applicationDeleted: false,
    requester: dana,
    reason: facts.reason,
    requestedAt: at,
    approvers,
    otherServices: [],
    history: [requested],
    askedAgain: false,
    access: null,
    previousRequests: [],
    ...over,
  };
}

/** A registration that has become `to` by one action, of a pending or an approved one. */
export function after(
  facts: Facts,
  action: HistoryEvent['action'],
  from: Status,
  to: Status,
  over: Partial<HistoryEvent> = {},
): { registration: Registration; entry: HistoryEvent } {
  const entry = event(2, action, from, to, over);
  const before = registration(facts);
  return {
    entry,
    registration: { ...before, status: to, version: 2, history: [...before.history, entry] },
  };
}

export const list = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
