/** The form for a service, empty or filled in, which is reviewed before it is saved. */
import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import type { GatewayKind, ServiceAccess } from '../../domain/access.ts';
import { type CatalogService, type ServiceChange, type ServiceSettings, serviceLimits } from '../../domain/service.ts';
import { input, option, optionLimit, picker, plain, section } from '../blocks.ts';
import { actorName, changedFields } from './timeline.ts';

export const serviceModalId = 'service';
export const groupsPicker = 'service-groups';

/** What is filled in. The slug is there only while a service is being added. */
export type TypedService = Partial<ServiceSettings> & { slug?: string };

/** A user group, as the picker shows it. */
export type GroupOption = { id: string; handle: string };

/** A gateway of the catalog file, as the form offers it. */
export type GatewayChoice = { name: string; kind: GatewayKind };

export type ServiceForm = {
  /** The encoded form state. */
  remembers: string;
  adding: boolean;
  typed: TypedService;
  /** The handles of the chosen groups. */
  groups: GroupOption[];
  gateways: GatewayChoice[];
  /** The review, once the approvers have been looked up: then the form may be saved. */
  asked?: string;
  /** What others have changed in the meantime. */
  overtaken?: ServiceChange[];
};

export function serviceModal({ remembers, adding, typed, groups, gateways, asked, overtaken }: ServiceForm): ModalView {
  return {
    type: 'modal',
    callback_id: serviceModalId,
    private_metadata: remembers,
    title: plain(adding ? 'Add a service' : 'Edit a service', 24),
    submit: plain(asked ? 'Save' : 'Review', 24),
    close: plain('Cancel', 24),
    blocks: [
      ...(overtaken ? [warning(overtaken), ...changedFields('overtaken', overtaken)] : []),
      ...(asked ? [{ ...section(asked), block_id: 'asked' }] : []),
      ...fields(adding, typed, groups),
      ...accessFields(typed.access ?? null, gateways),
    ],
  };
}

function warning(overtaken: ServiceChange[]): KnownBlock {
  const [last] = overtaken;
  const who = last ? actorName(last) : 'Someone';
  const text = `:warning: *${who} changed this service while you had the form open.* Nothing is saved yet, and what you filled in is still here. Compare it, then review it again.`;
  return { ...section(text), block_id: 'overtaken' };
}

function fields(adding: boolean, typed: TypedService, groups: GroupOption[]): InputBlock[] {
  const approvers = typed.approvers ?? [];
  const people = approvers.filter((id) => !id.startsWith('S'));
  const chosen = approvers
    .filter((id) => id.startsWith('S'))
    .map((id) => groupOption(groups.find((group) => group.id === id) ?? { id, handle: id }));
  return [
    text('name', 'Name', { max_length: serviceLimits.name }, typed.name),
    ...(adding ? [slugField(typed.slug)] : []),
    optional(
      text('description', 'Description', { max_length: serviceLimits.description, multiline: true }, typed.description),
    ),
    optional(
      text('docs', 'Documentation', { max_length: serviceLimits.docs }, typed.docs, 'A link that begins with https://'),
    ),
    optional(
      input(
        'channel',
        'Approval channel',
        {
          type: 'conversations_select',
          action_id: 'channel',
          filter: { include: ['public', 'private'] },
          placeholder: plain('The admin channel', 150),
          ...(typed.channel ? { initial_conversation: typed.channel } : {}),
        },
        'Where its requests are posted. Registrar must be a member: /invite @Registrar',
      ),
    ),
    optional(
      input(
        'people',
        'Approvers: people',
        {
          type: 'multi_users_select',
          action_id: 'people',
          placeholder: plain('Default approvers', 150),
          ...(people.length > 0 ? { initial_users: people } : {}),
        },
        'Without people or groups, the workspace’s approvers decide, or else the members of the channel.',
      ),
    ),
    optional(
      input('groups', 'Approvers: user groups', {
        ...picker(groupsPicker, 'No group'),
        type: 'multi_external_select',
        ...(chosen.length > 0 ? { initial_options: chosen } : {}),
      }),
    ),
    choice('registration', 'Registration', registrationChoices, typed.registrationEnabled === false ? 1 : 0),
    choice('approval', 'Approval', approvalChoices, typed.autoApprove ? 1 : 0),
  ];
}

/** Builds the fields of a service's access; none where there is no gateway to choose. */
function accessFields(access: ServiceAccess | null, gateways: GatewayChoice[]): InputBlock[] {
  // One that the catalog file no longer names is still what is set.
  const names = [...new Set([...gateways.map(({ name }) => name), ...(access ? [access.gateway] : [])])];
  if (names.length === 0) return [];
  return [
    optional(
      input(
        'access-gateway',
        'Gateway',
        {
          type: 'static_select',
          action_id: 'access-gateway',
          placeholder: plain('No gateway', 150),
          options: names.slice(0, optionLimit).map((name) => option(name, name)),
          ...(access ? { initial_option: option(access.gateway, access.gateway) } : {}),
        },
        'It lets approved applications through until their access ends.',
      ),
    ),
    optional(text('access-group', 'Group at the gateway', { max_length: 100 }, access?.group, 'Such as payments')),
    choice('access-credential', 'Keys', credentialChoices, access?.credential === 'key' ? 1 : 0),
  ];
}

const slugField = (slug: string | undefined): InputBlock =>
  optional(
    text(
      'slug',
      'Slug',
      { max_length: serviceLimits.slug },
      slug,
      'Lower-case letters, digits and -. It can’t be changed later. Left empty, it is made from the name.',
    ),
  );

/** The first of each is the default of a new service. */
const registrationChoices = [option('Enabled', 'enabled'), option('Disabled', 'disabled')] as const;
const approvalChoices = [option('An approver decides', 'manual'), option('Approve every new request', 'auto')] as const;

const credentialChoices = [
  option('Applications bring their own', 'none'),
  option('Owners get keys from Registrar', 'key'),
] as const;

const optional = (block: InputBlock): InputBlock => ({ ...block, optional: true });

function text(
  id: string,
  label: string,
  limits: { max_length: number; multiline?: boolean },
  value: string | null | undefined,
  hint?: string,
): InputBlock {
  const initial = value ? { initial_value: value } : {};
  return input(id, label, { type: 'plain_text_input', action_id: id, ...limits, ...initial }, hint);
}

const choice = (
  id: string,
  label: string,
  options: readonly [PlainTextOption, PlainTextOption],
  chosen: 0 | 1,
): InputBlock =>
  input(id, label, {
    type: 'radio_buttons',
    action_id: id,
    options: [...options],
    initial_option: options[chosen],
  });

/** Builds an option for a user group. */
export const groupOption = ({ id, handle }: GroupOption): PlainTextOption => option(`@${handle}`, id);

/** Converts a service to what is filled in. */
export const toTyped = ({ slug, ...settings }: CatalogService, adding: boolean): TypedService =>
  adding ? { ...settings, slug } : settings;
