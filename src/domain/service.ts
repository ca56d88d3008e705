import type { ServiceAccess } from './access.ts';
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
  /** Where an approved application is let through; null: nowhere is anything set. */
  access: ServiceAccess | null;
};

/** The settings that an admin may change: all but the key. */
export type ServiceSettings = Omit<CatalogService, 'slug'>;

/** A service with everything that its audit log covers. */
export type ServiceRecord = CatalogService & { retired: boolean; managedBy: 'file' | 'slack' };

/** The longest texts, in characters, and the most approvers. */
export const serviceLimits = { slug: 60, name: 150, description: 1000, docs: 1000, approvers: 100 } as const;

export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/;
export const slugRule = 'lower-case letters, digits and -, at most 60, such as payments';

/** The ids of channels begin with C or G, people's with U or W, user groups' with S. */
export const channelId = /^[CG][A-Z0-9]{2,20}$/;
export const approverId = /^[UWS][A-Z0-9]{2,20}$/;

/** Tells whether a text is an http or https URL. */
export function isWebLink(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/\s/.test(text);
}

/**
 * Derives a slug from a name: "Zahlungs-API (neu)" becomes `zahlungs-api-neu`. Empty where no character of the name can
 * be in one.
 */
export function slugOf(name: string): string {
  const letters = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = letters.replace(/[^a-z0-9]+/g, '-').replace(/^-+/, '');
  return truncate(words, serviceLimits.slug, '').replace(/-+$/, '');
}

/** Returns the fields in which a service differs from its target, before and after. */
export function differences(
  current: ServiceRecord,
  target: Partial<ServiceRecord>,
): { before: Partial<ServiceRecord>; after: Partial<ServiceRecord> } {
  const fields = Object.entries(target).filter(([field, value]) => !same(current[field as keyof ServiceRecord], value));
  const before = fields.map(([field]) => [field, current[field as keyof ServiceRecord]]);
  return { before: Object.fromEntries(before), after: Object.fromEntries(fields) };
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Tells whether a change is one of the approvers or the channel: then pending requests have to be shown to others. */
const changesApprovers = (changed: Partial<ServiceRecord>): boolean => 'channel' in changed || 'approvers' in changed;

/** Tells whether what shows pending requests shows a change: who decides them, or whether the service is open. */
export const changesPending = (changed: Partial<ServiceRecord>): boolean =>
  changesApprovers(changed) || 'registrationEnabled' in changed || 'retired' in changed;

/** Whether a service takes new requests. */
export type ServiceState = 'open' | 'disabled' | 'retired';

export function serviceState({
  registrationEnabled,
  retiredAt,
}: {
  registrationEnabled: boolean;
  retiredAt: Date | null;
}): ServiceState {
  if (retiredAt) return 'retired';
  return registrationEnabled ? 'open' : 'disabled';
}

/**
 * Tells whether a change loosens the rules of a service: more is approved, by others, or where others see it. Naming other
 * approvers counts, and not who they are.
 */
export function loosensRules({ before, after }: Pick<ServiceChange, 'before' | 'after'>): boolean {
  if (after.autoApprove) return true;
  return before !== null && (changesApprovers(after) || after.registrationEnabled === true);
}

/** How long a request by the user who has loosened a service's rules is not approved automatically, in milliseconds. */
export const loosenedFor = 86_400_000;

/** What an admin can change from the menu of a service, without a form. */
export const toggles = {
  enable: { registrationEnabled: true },
  disable: { registrationEnabled: false },
  'auto-on': { autoApprove: true },
  'auto-off': { autoApprove: false },
  retire: { registrationEnabled: false, retired: true },
  'bring-back': { registrationEnabled: true, retired: false },
} as const satisfies Record<string, Partial<ServiceRecord>>;

export type Toggle = keyof typeof toggles;

/** One change of a service. */
export type ServiceChange = {
  version: number;
  /** Null for the catalog file. */
  actor: string | null;
  before: Partial<ServiceRecord> | null;
  after: Partial<ServiceRecord>;
  at: Date;
};
/**
 * Returns the effects of a change of the approvers or the channel. They are two, so that no card waits for Slack to say
 * who the approvers are.
 */
export const approverChangeEffects = (service: number, version: number): CatalogEffect[] => [
  { kind: 'service', service, after: 0 },
  { kind: 'queues', service, version },
];

/** Returns the effects that tell of a change that loosens the rules, also the channel that it was in before it `moved`. */
export function ruleChangeEffects(service: number, version: number, moved: boolean): CatalogEffect[] {
  const told: ('before' | 'after')[] = moved ? ['before', 'after'] : ['after'];
  return told.map((when) => ({ kind: 'rules', service, version, when }));
}

/** Why a change of a service is refused. Nothing is changed. */
export type ServiceRefusal =
  | { kind: 'not-an-admin'; askInstead: Approvers }
  /** Slack did not say who the admins are: that counts as no, for now. */
  | { kind: 'unsure' }
  | { kind: 'gone' }
  | { kind: 'managed-by-file' }
  /** It has changed since the form or the menu was rendered; `since` has the changes, newest first. */
  | { kind: 'stale'; version: number; since: ServiceChange[] }
  | { kind: 'slug-taken' };

/** Checks that a service may be changed in Slack by a user who saw version `seen`; null if it may. */
export function checkServiceChange(
  service: { managedBy: 'file' | 'slack'; version: number } | undefined,
  seen: number,
): 'gone' | 'managed-by-file' | 'stale' | null {
  if (!service) return 'gone';
  if (service.managedBy === 'file') return 'managed-by-file';
  return service.version === seen ? null : 'stale';
}
