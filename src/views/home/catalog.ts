/** The admin's part of the Home: the catalog, and what can be done to each service. */
import type { KnownBlock, Overflow } from '@slack/types';
import { z } from 'zod';
import type { Approvers } from '../../domain/approvers.ts';
import type { Page } from '../../domain/pagination.ts';
import type { Reference } from '../../domain/reference.ts';
import { type ServiceRecord, serviceLimits, type Toggle, toggles } from '../../domain/service.ts';
import { toStorable, truncate } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import { button, escapeMrkdwn, header, input, mrkdwn, option, plain, section } from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';
import { describeAccess } from '../service/timeline.ts';
import { pager } from './pagination.ts';

/** How many services a page holds, one block each. */
export const maxServices = 10;

export const addButton = 'add-service';
export const catalogSearch = 'home-catalog-search';
/** The menu of each service; its values are `what:publicId@version`. */
export const serviceMenu = 'service-menu';

/** A service, and who is asked about it. */
export type CatalogItem = ServiceRecord & { id: number; publicId: string; version: number; asked: Approvers };

export type CatalogPage = Page<CatalogItem> & { search: string };

/** Renders a page of the catalog, in at most sixteen blocks. */
export const catalogBlocks = (listed: CatalogPage): KnownBlock[] => [
  header('catalog', 'Catalog'),
  { type: 'actions', block_id: 'catalog-add', elements: [button(addButton, 'Add a service', 'add')] },
  ...searchBlocks(listed.search),
  ...(listed.total === 0 ? [{ ...section(nothing(listed.search)), block_id: 'no-services' }] : []),
  ...listed.rows.map(serviceBlock),
  ...pager('catalog', listed, listed.total === 1 ? 'service' : 'services'),
];

const nothing = (search: string): string =>
  search === '' ? 'There are no services yet.' : 'No service matches. Empty the field and press Enter to see all.';

/**
 * Renders the search field. Slack keeps the content of a field while its block_id stays the same; a new one shows the
 * current search.
 */
function searchBlocks(search: string): KnownBlock[] {
  const typed = search === '' ? {} : { initial_value: search };
  const field = {
    type: 'plain_text_input' as const,
    action_id: catalogSearch,
    max_length: serviceLimits.slug,
    ...typed,
  };
  const hint = 'Type a part of its name and press Enter.';
  return [
    { ...input(`catalog-search-${search}`, 'Find a service', field, hint), optional: true, dispatch_action: true },
  ];
}

/** Reads the search text. */
export const readCatalogSearch = (value: unknown): string =>
  truncate(toStorable(z.string().safeParse(value).data ?? ''), serviceLimits.slug, '').trim();

function serviceBlock(service: CatalogItem): KnownBlock {
  return {
    type: 'section',
    block_id: `listed-${service.id}`,
    fields: [plain(service.name.replace(/\s+/g, ' '), serviceLimits.name), mrkdwn(describeService(service))],
    accessory: menu(service, buttonValue(service)),
  };
}

function describeService(service: CatalogItem): string {
  const { slug, registrationEnabled, retired, autoApprove, access, managedBy, asked } = service;
  const registration = retired ? 'Retired' : `Registration ${registrationEnabled ? 'enabled' : 'disabled'}`;
  const approval = autoApprove ? 'Approved automatically' : `Decided by ${describeApprovers(asked)}`;
  const managed = managedBy === 'file' ? '\nManaged by the catalog file' : '';
  const opens = access ? `\nOpens ${escapeMrkdwn(describeAccess(access))}` : '';
  return `\`${slug}\` · ${registration}\n${approval}, in <#${asked.channel}>${opens}${managed}`;
}

/** The labels of the menu, next to Edit and History. Slack takes five options. */
const labels: Record<Toggle, string> = {
  enable: 'Enable registration',
  disable: 'Disable registration',
  'auto-on': 'Switch auto approval on',
  'auto-off': 'Switch auto approval off',
  retire: 'Retire',
  'bring-back': 'Bring back',
};

function menu({ registrationEnabled, autoApprove, retired, managedBy }: CatalogItem, value: string): Overflow {
  const offered: Toggle[] = retired
    ? ['bring-back']
    : [registrationEnabled ? 'disable' : 'enable', autoApprove ? 'auto-off' : 'auto-on', 'retire'];
  const here = [option('Edit', `edit:${value}`), ...offered.map((what) => option(labels[what], `${what}:${value}`))];
  return {
    type: 'overflow',
    action_id: serviceMenu,
    options: [...(managedBy === 'slack' ? here : []), option('History', `history:${value}`)],
  };
}

/** Parses the choice in the menu, with the service and the version that was seen; undefined for a forged value. */
export function readServiceMenu(value: string): (Reference & { what: Toggle | 'edit' | 'history' }) | undefined {
  const [what = '', rest] = value.split(':');
  const service = readReference(rest);
  if (!service) return undefined;
  if (what === 'edit' || what === 'history') return { ...service, what };
  return isToggle(what) ? { ...service, what } : undefined;
}

const isToggle = (what: string): what is Toggle => Object.hasOwn(toggles, what);
