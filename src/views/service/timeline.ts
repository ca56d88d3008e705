/** The changes of a service, in words. */
import type { KnownBlock, RichTextElement } from '@slack/types';
import type { ServiceAccess } from '../../domain/access.ts';
import type { ServiceChange, ServiceRecord } from '../../domain/service.ts';
import { fields, mention, person, textElement } from '../blocks.ts';

/** Names who made a change: "@alex", or "The catalog file". */
export const actorName = ({ actor }: ServiceChange): string => (actor ? mention(actor) : 'The catalog file');

/** Names who made a change, within a sentence: "@alex", or "the catalog file". */
export const byActor = ({ actor }: ServiceChange): string => (actor ? mention(actor) : 'the catalog file');

const labels: Record<keyof ServiceRecord, string> = {
  slug: 'Slug',
  name: 'Name',
  description: 'Description',
  docs: 'Documentation',
  registrationEnabled: 'Registration',
  autoApprove: 'Approval',
  channel: 'Approval channel',
  approvers: 'Approvers',
  access: 'Access',
  retired: 'Retired',
  managedBy: 'Managed by',
};

const named = Object.keys(labels) as (keyof ServiceRecord)[];

/** Tells whether a value of a new service is not worth a line. */
const isEmpty = (value: unknown): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Renders each changed field, before and after; of a new service, every field that is filled in. */
export function changedFields(blockId: string, changes: ServiceChange[]): KnownBlock[] {
  const rows = changes.flatMap(({ before, after }) =>
    named
      .filter((field) => field in after && (before || !(isEmpty(after[field]) || field === 'retired')))
      .map((field) => ({
        label: labels[field],
        value: before ? [...shown(field, before), textElement(' → '), ...shown(field, after)] : shown(field, after),
      })),
  );
  return rows.length > 0 ? [fields(`${blockId}-fields`, rows)] : [];
}

/** The longest shown text of a field. */
const maxShownLength = 150;

function shown(field: keyof ServiceRecord, record: Partial<ServiceRecord>): RichTextElement[] {
  switch (field) {
    case 'channel':
      return [record.channel ? { type: 'channel', channel_id: record.channel } : textElement('the admin channel')];
    case 'approvers':
      return approvers(record.approvers ?? []);
    case 'registrationEnabled':
      return [textElement(record.registrationEnabled ? 'enabled' : 'disabled')];
    case 'autoApprove':
      return [textElement(record.autoApprove ? 'every new request is approved' : 'an approver decides')];
    case 'retired':
      return [textElement(record.retired ? 'yes' : 'no')];
    case 'managedBy':
      return [textElement(record.managedBy === 'file' ? 'the catalog file' : 'admins in Slack')];
    case 'access':
      return [textElement(record.access ? describeAccess(record.access) : 'nothing is set at a gateway')];
    default:
      return [textElement(record[field] || 'nothing', maxShownLength)];
  }
}

/** Formats access as "the group payments at edge, with keys". */
export const describeAccess = ({ gateway, group, credential }: ServiceAccess): string =>
  `the group ${group} at ${gateway}${credential === 'key' ? ', with keys' : ''}`;

/** How many approvers are named before the rest is counted. */
const maxNamed = 10;

function approvers(ids: string[]): RichTextElement[] {
  if (ids.length === 0) return [textElement('default approvers')];
  const rest = ids.length - maxNamed;
  const shown = ids
    .slice(0, maxNamed)
    .flatMap((id, index) => [
      ...(index > 0 ? [textElement(', ')] : []),
      id.startsWith('S') ? { type: 'usergroup' as const, usergroup_id: id } : person(id),
    ]);
  return rest > 0 ? [...shown, textElement(` and ${rest} more`)] : shown;
}
