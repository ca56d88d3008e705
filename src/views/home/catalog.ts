/** The catalog in Home: everybody browses and requests its services, and admins have a menu at each. */
import type { KnownBlock, Overflow } from '@slack/types';
import { z } from 'zod';
import type { ShownApprovers } from '../../domain/approvers.ts';
import type { Page } from '../../domain/pagination.ts';
import type { Reference } from '../../domain/reference.ts';
import { type ServiceRecord, serviceLimits, type Toggle, toggles } from '../../domain/service.ts';
import { capitalize, toStorable, truncate } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import {
  button,
  context,
  escapeMrkdwn,
  header,
  input,
  link,
  mrkdwn,
  oneLine,
  option,
  plain,
  section,
} from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';
import { describeAccess } from '../service/timeline.ts';
import { pager } from './pagination.ts';
import { registerButton } from './register-button.ts';

/** How many services a page holds, of two blocks for admins, and of one for others. */
export const maxServices = 10;

export const addButton = 'add-service';
export const catalogSearch = 'home-catalog-search';
/** The menu of each service; its values are `what:publicId@version`. */
export const serviceMenu = 'service-menu';

/** A service, who is asked about it, and its own approval channel, null where it has none that the reader sees. */
export type CatalogItem = Omit<ServiceRecord, 'channel'> & {
  id: number;
  publicId: string;
  version: number;
  asked: ShownApprovers;
  channel: string | null;
};

/** `usual`: who decides where a service does not say otherwise. */
export type CatalogPage = Page<CatalogItem> & { search: string; admin: boolean; usual: ShownApprovers };

/** Renders a page of the catalog, in at most 26 blocks. */
export const catalogBlocks = (listed: CatalogPage): KnownBlock[] => [
  header('catalog', 'Catalog'),
  ...(listed.admin
    ? [
        {
          type: 'actions' as const,
          block_id: 'catalog-add',
          elements: [button(addButton, 'Add a service', 'add')],
        },
      ]
    : []),
  ...(listed.total >= maxServices || listed.search !== '' ? searchBlocks(listed.search) : []),
  ...(listed.total === 0 ? [{ ...section(nothing(listed.search)), block_id: 'no-services' }] : []),
  ...listed.rows.flatMap((service) => serviceBlocks(service, listed)),
  ...(listed.total === 0 ? [] : [{ ...context(usualText(listed)), block_id: 'catalog-usual' }]),
  ...pager('catalog', listed, 'service'),
];

/** Says once what most services have in common. */
function usualText({ rows, admin, usual }: CatalogPage): string {
  const decides = `${capitalize(describeApprovers(usual))} can decide, unless a service says otherwise.`;
  const fixed = admin && rows.some(({ managedBy }) => managedBy === 'file');
  return fixed ? `${decides} Services without Edit are managed by the catalog file.` : decides;
}

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

/** Renders a service with a button that requests it. An admin's menu has the place of the button, which goes below it. */
function serviceBlocks(service: CatalogItem, { admin, usual }: CatalogPage): KnownBlock[] {
  const { id, publicId, name, description, registrationEnabled, retired } = service;
  const register = registrationEnabled && !retired ? [button(registerButton, 'Register', publicId)] : [];
  const accessory = admin ? menu(service, buttonValue(service)) : register[0];
  const about = [plainLine(name, serviceLimits.name), plainLine(description, 150)].filter((line) => line !== '');
  const facts = describeService(service, admin, usual);
  return [
    {
      type: 'section',
      block_id: `listed-${id}`,
      fields: [plain(about.join('\n'), 2000), ...(facts.length > 0 ? [mrkdwn(facts.join('\n'))] : [])],
      ...(accessory ? { accessory } : {}),
    },
    ...(admin && register.length > 0
      ? [{ type: 'actions' as const, block_id: `register-${id}`, elements: register }]
      : []),
  ];
}

const plainLine = (text: string, limit: number): string => truncate(oneLine(text), limit);

/** Describes a service, in lines: what is usual is said once, for all of them. */
function describeService(service: CatalogItem, admin: boolean, usual: ShownApprovers): string[] {
  const { slug, docs, registrationEnabled, retired, autoApprove, access } = service;
  const registration = retired ? 'Retired' : `Registration ${registrationEnabled ? 'enabled' : 'disabled'}`;
  return [
    ...(admin ? [`\`${slug}\` · ${registration}`] : registrationEnabled ? [] : [registration]),
    ...(autoApprove ? ['Approved automatically'] : decidedBy(service, usual)),
    ...(access ? [`Opens ${escapeMrkdwn(describeAccess(access))}`] : []),
    ...(docs ? [link(docs, 'Documentation')] : []),
  ];
}

/** Says who decides, and in which channel: nothing of it where that is as usual. */
function decidedBy({ approvers, asked, channel }: CatalogItem, usual: ShownApprovers): string[] {
  const elsewhere = channel !== null && channel !== usual.channel;
  const named = asked.users.length + asked.groups.length > 0;
  const asUsual = approvers.length === 0 ? named || !elsewhere : isSame(asked, usual);
  // Members decide in the channel that is named.
  const place = elsewhere && named ? `in <#${channel}>` : '';
  if (asUsual) return place ? [`Decided ${place}`] : [];
  return [`Decided by ${describeApprovers(asked)}${place && `, ${place}`}`];
}

const isSame = (one: ShownApprovers, other: ShownApprovers): boolean => namesOf(one) === namesOf(other);

const namesOf = ({ users, groups }: ShownApprovers): string => [...new Set([...users, ...groups])].sort().join();

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
