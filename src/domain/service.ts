import type { Approvers } from './approvers.ts';
import type { CatalogEffect } from './effects.ts';
import { truncate } from './text.ts';

/** A service as the catalog file, or an admin, declares it. */
export type CatalogService = {
  /** The stable key. */
  slug: string;
  name: string;
  description: string;
  docs: string | null;
  registrationEnabled: boolean;
  autoApprove: boolean;
  /** Where its requests are posted; null: ADMIN_CHANNEL. */
  channel: string | null;
  /** People and groups who may decide; none: APPROVERS. */
  approvers: string[];
};

/** What an admin may change: all but the key. */
export type ServiceSettings = Omit<CatalogService, 'slug'>;

/** All that the record of a service tells of. */
export type ServiceRecord = CatalogService & { retired: boolean; managedBy: 'file' | 'slack' };

/** The longest texts, in characters; names of services fill a line, descriptions what a search finds. */
export const serviceLimits = { slug: 60, name: 150, description: 1000, docs: 1000, approvers: 100 } as const;

export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/;
export const slugRule = "lower-case letters, digits and '-', at most 60, such as payments";

/** Channels' ids begin with C or G; people's with U or W, user groups' with S. */
export const channelId = /^[CG][A-Z0-9]{2,20}$/;
export const approverId = /^[UWS][A-Z0-9]{2,20}$/;

/** Whether a text is an address that people can open. */
export function isWebLink(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/\s/.test(text);
}

/** The key that a name makes: "Zahlungs-API (neu)" becomes `zahlungs-api-neu`. Empty where nothing of the name can stand in one. */
export function slugOf(name: string): string {
  const letters = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = letters.replace(/[^a-z0-9]+/g, '-').replace(/^-+/, '');
  return truncate(words, serviceLimits.slug, '').replace(/-+$/, '');
}

/** The fields in which a service differs from what it is to become. */
export function differences(
  is: ServiceRecord,
  wish: Partial<ServiceRecord>,
): { before: Partial<ServiceRecord>; after: Partial<ServiceRecord> } {
  const fields = Object.entries(wish).filter(([field, value]) => !same(is[field as keyof ServiceRecord], value));
  const before = fields.map(([field]) => [field, is[field as keyof ServiceRecord]]);
  return { before: Object.fromEntries(before), after: Object.fromEntries(fields) };
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether a change is one of who is asked, or where: then what waits has to be shown to others. */
export const changesApprovers = (changed: Partial<ServiceRecord>): boolean =>
  'channel' in changed || 'approvers' in changed;

/** What an admin can do to a service at once, without a form. */
export const toggles = {
  enable: { registrationEnabled: true },
  disable: { registrationEnabled: false },
  'auto-on': { autoApprove: true },
  'auto-off': { autoApprove: false },
  retire: { registrationEnabled: false, retired: true },
  'bring-back': { registrationEnabled: true, retired: false },
} as const satisfies Record<string, Partial<ServiceRecord>>;

export type Toggle = keyof typeof toggles;

/** One line of a service's record. */
export type ServiceChange = {
  version: number;
  /** Who did it; null where the catalog file did. */
  actor: string | null;
  before: Partial<ServiceRecord> | null;
  after: Partial<ServiceRecord>;
  at: Date;
};
/** What follows where others are asked, or elsewhere. Two effects: a Slack that does not say who they are holds up no card. */
export const approverChangeEffects = (service: number, version: number): CatalogEffect[] => [
  { kind: 'service', service },
  { kind: 'queues', service, version },
];

/** Why a service is not changed, or not added. A refusal changes nothing. */
export type ServiceRefusal =
  | { kind: 'not-an-admin'; askInstead: Approvers }
  /** Slack could not be asked who the admins are: no, for now. */
  | { kind: 'unsure' }
  | { kind: 'gone' }
  | { kind: 'managed-by-file' }
  /** It has changed since the form or the menu was drawn; what changed since, the newest first. */
  | { kind: 'stale'; version: number; since: ServiceChange[] }
  | { kind: 'slug-taken' };

/** Whether a service may be changed here, by somebody who saw it as it was at version `seen`. */
export function checkServiceChange(
  service: { managedBy: 'file' | 'slack'; version: number } | undefined,
  seen: number,
): 'gone' | 'managed-by-file' | 'stale' | null {
  if (!service) return 'gone';
  if (service.managedBy === 'file') return 'managed-by-file';
  return service.version === seen ? null : 'stale';
}
