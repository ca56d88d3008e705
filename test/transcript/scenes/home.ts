/** Home: of a developer, an approver and an admin. */
import { maxCounted, type Page } from '../../../src/domain/pagination.ts';
import { type HeldApplication, maxShown } from '../../../src/views/home/applications.ts';
import { type ApprovalQueue, maxQueued, queueServiceOptions } from '../../../src/views/home/approval-queue.ts';
import { type CatalogItem, maxServices } from '../../../src/views/home/catalog.ts';
import { type HomeFacts, homeView } from '../../../src/views/home/home.ts';
import { approvers, at, dana, type Facts, id, list, members, now, unseen } from '../facts.ts';
import type { Scene } from '../scenes.ts';

const page = <T>(rows: T[], pages = 1): Page<T> => ({
  rows,
  page: pages > 1 ? 2 : 1,
  pages,
  total: rows.length * pages,
});

export function homeScenes(facts: Facts): Scene[] {
  const { service, application, reason, gateway } = facts;
  const statuses = ['pending', 'approved', 'rejected', 'revoked'] as const;
  const row = (index: number): HeldApplication => {
    const status = statuses[index % 4] ?? 'pending';
    return {
      applicationId: index,
      applicationPublicId: id,
      application,
      owners: index % 2 ? [dana] : [dana, 'U0SAM'],
      registration: {
        id: index,
        publicId: id,
        version: 1,
        status,
        since: at,
        mine: true,
        access: status === 'approved' ? { kind: 'open', gateway, since: at, keys: id } : null,
        message: index % 8 === 4 ? 'https://acme.slack.com/archives/D0DANA/p1' : undefined,
        card: index % 8 === 0 ? 'https://acme.slack.com/archives/C0REQUESTS/p1' : undefined,
      },
      service: {
        name: service,
        docs: facts.docs,
        approvers: index % 8 === 0 ? approvers : unseen,
        state: index % 8 === 4 ? 'disabled' : 'open',
      },
    };
  };
  const held = page(
    [...list(Math.max(facts.rows(maxShown - 1), 8), row), { ...row(99), registration: null, service: null }],
    2,
  );
  const filter = { active: false, service: undefined, search: '' };
  const queue = (rows: number, over: Partial<ApprovalQueue> = {}): ApprovalQueue => ({
    ...page(
      list(rows, (index) => ({
        id: index,
        publicId: id,
        version: 1,
        service,
        application,
        requester: dana,
        reason,
        requestedAt: at,
        cardChannel: 'C0REQUESTS',
        state: index === 1 ? ('retired' as const) : ('open' as const),
      })),
    ),
    filter,
    ...over,
  });
  const chosen = { publicId: id, slug: 'orders', name: service };
  const item = (index: number, over: Partial<CatalogItem> = {}): CatalogItem => ({
    id: index,
    publicId: id,
    version: 1,
    slug: 'orders',
    name: service,
    description: facts.description,
    docs: facts.docs,
    registrationEnabled: true,
    autoApprove: false,
    channel: null,
    approvers: [],
    access: null,
    retired: false,
    managedBy: 'slack',
    asked: members,
    ...over,
  });
  const kinds: Partial<CatalogItem>[] = [
    {},
    { registrationEnabled: false, approvers: ['U0ALEX'], channel: 'C0REQUESTS', asked: approvers },
    { autoApprove: true, access: { gateway, group: facts.group, credential: 'none' } },
    { retired: true },
    { managedBy: 'file', autoApprove: true },
  ];
  const catalog = {
    ...page(
      list(Math.max(facts.rows(maxServices), kinds.length), (index) => item(index, kinds[index])),
      3,
    ),
    search: '',
    admin: true,
    usual: members,
  };
  const browsed = {
    ...page(list(2, (index) => item(index, kinds[index]))),
    search: '',
    admin: false,
    usual: unseen,
  };
  const developer: HomeFacts = { held, waiting: null, catalog: browsed, unsure: false };
  const nothing = { ...developer, held: page<HeldApplication>([]) };
  const home = (over: Partial<HomeFacts>) => homeView({ ...nothing, ...over }, now);
  return [
    ['Home: of a developer', homeView(developer, now)],
    ['Home: of a new developer', home({})],
    ['Home: of an approver', home({ waiting: queue(facts.rows(maxQueued)) })],
    ['Home: of an approver, with one request', home({ waiting: queue(1) })],
    ['Home: of an approver, with nothing to review', home({ waiting: queue(0), unsure: true })],
    [
      'Home: of an approver, filtered',
      home({ waiting: queue(0, { filter: { active: true, service: chosen, search: application } }) }),
    ],
    [
      'Home: of an admin',
      homeView({ held, waiting: { ...queue(facts.rows(maxQueued)), pages: 2 }, catalog, unsure: true }, now),
    ],
    ['Home: of an admin, one service', home({ catalog: { ...catalog, ...page([item(0)], 2), total: 1 } })],
    ['Home: of an admin, a large catalog', home({ catalog: { ...catalog, total: maxCounted } })],
    ['Home: of an admin, no services', home({ catalog: { ...catalog, ...page<CatalogItem>([]) } })],
    [
      'Home: of an admin, nothing found',
      home({ catalog: { ...catalog, ...page<CatalogItem>([]), search: 'nothing' } }),
    ],
    [
      'Home: services to filter by',
      { options: queueServiceOptions([chosen, { ...chosen, slug: 'orders-2' }, { ...chosen, name: 'Payouts API' }]) },
    ],
  ];
}
