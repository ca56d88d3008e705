/** A person's own part of the Home: their applications, and the registrations of each. */
import type { ConfirmationDialog, KnownBlock, Overflow } from '@slack/types';
import type { ShownAccess } from '../../domain/access.ts';
import type { ShownApprovers } from '../../domain/approvers.ts';
import type { Page } from '../../domain/pagination.ts';
import { nextStatus, type Status } from '../../domain/registration.ts';
import type { ServiceState } from '../../domain/service.ts';
import { capitalize, truncate } from '../../domain/text.ts';
import { applicationMenu } from '../application/menu.ts';
import { describeApprovers } from '../approvers.ts';
import { bold, button, dateTime, header, link, mention, mrkdwn, oneLine, option, plain, section } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import { describeShownAccess } from '../registration/access.ts';
import { askAgainButton } from '../registration/decision-message.ts';
import { getKey } from '../registration/keys.ts';
import { statusEmoji } from '../registration/timeline.ts';
import { closedText } from '../service/state.ts';
import { pager } from './pagination.ts';

/** How many registrations a page holds. */
export const maxShown = 13;

export const unregisterButton = 'unregister';
export const editReasonMenu = 'edit';

/** An application with one of its live registrations, or with none. */
export type HeldApplication = {
  applicationId: number;
  applicationPublicId: string;
  application: string;
  owners: string[];
  registration: {
    id: number;
    publicId: string;
    version: number;
    status: Status;
    since: Date;
    mine: boolean;
    access: ShownAccess | null;
    /** The address of its card; undefined where the reader cannot see it, or there is none yet. */
    card: string | undefined;
    /** The address of the newest message to the reader about it; undefined where there is none. */
    message: string | undefined;
  } | null;
  service: { name: string; docs: string | null; approvers: ShownApprovers; state: ServiceState } | null;
};

export const applicationBlocks = (held: Page<HeldApplication>): KnownBlock[] => [
  header('mine', 'Your applications'),
  ...(held.total === 0 ? [{ ...section(noApplications), block_id: 'nothing-held' }] : []),
  ...held.rows.flatMap((row, index) => registrationBlocks(row, held.rows[index - 1])),
  ...pager('mine', held, 'line'),
];

/** Also the response of `/registrations` to a user without applications. */
export const noApplications =
  'You have no applications yet. `/register` requests access to a service and creates your first one.';

/** Renders a registration, under a heading with its application where that is not yet on the page. */
function registrationBlocks(
  { applicationId, applicationPublicId, application, owners, registration, service }: HeldApplication,
  before: HeldApplication | undefined,
): KnownBlock[] {
  const owned = `${owners.length === 1 ? 'Owner' : 'Owners'}: ${owners.map(mention).join(', ')}`;
  const heading: KnownBlock = {
    type: 'section',
    block_id: `application-${applicationId}`,
    text: bold(application),
    fields: [...(registration ? [] : [plain('No registrations.')]), mrkdwn(owned)],
    accessory: applicationMenu(applicationPublicId),
  };
  const under = before?.applicationId === applicationId ? [] : [heading];
  if (!registration || !service) return under;
  const { id, status, mine, access } = registration;
  const value = buttonValue(registration);
  const menu: Overflow = {
    type: 'overflow',
    action_id: editReasonMenu,
    options: [option('Edit reason', value)],
  };
  const unregister = {
    ...button(unregisterButton, 'Unregister', value),
    confirm: confirmEnding(status, service.name, application),
  };
  const buttons = [
    ...(status === 'rejected' ? [button(askAgainButton, 'Ask again', value)] : []),
    ...(access?.kind === 'open' && access.keys ? [getKey(access.keys)] : []),
    ...(nextStatus(status, 'unregister') ? [unregister] : []),
  ];
  return [
    ...under,
    {
      type: 'section',
      block_id: `registration-${id}`,
      fields: [
        plain(oneLine(service.name), 150),
        mrkdwn([describeStatus(registration, service), ...linksOf(registration, service)].join('\n')),
      ],
      ...(mine && nextStatus(status, 'edit') ? { accessory: menu } : {}),
    },
    ...(buttons.length > 0 ? [{ type: 'actions' as const, block_id: `actions-${id}`, elements: buttons }] : []),
  ];
}

type Links = { card: string | undefined; message: string | undefined };

/** Links in a line to the documentation of a service, and to the card of a request or else the reader's message about it. */
function linksOf({ card, message }: Links, { docs }: { docs: string | null }): string[] {
  const about = card ? [link(card, 'Card')] : message ? [link(message, 'Message')] : [];
  const links = [...(docs ? [link(docs, 'Documentation')] : []), ...about];
  return links.length > 0 ? [links.join(' · ')] : [];
}

/** Describes a status: "Pending since …", and who has to act. */
function describeStatus(
  held: { status: Status; since: Date; access: ShownAccess | null },
  { approvers, state }: { approvers: ShownApprovers; state: ServiceState },
): string {
  const { status } = held;
  const pending = status === 'pending' ? ' since' : '';
  const since = `${statusEmoji[status]} *${capitalize(status)}*${pending} ${dateTime(held.since)}`;
  if (status === 'pending') return `${since}, waiting for ${describeApprovers(approvers)}.${closedText(state)}`;
  const access = held.access ? ` ${describeShownAccess(held.access, 'owner')}` : '';
  if (status === 'revoked') return `${since}. An approver can reinstate or delete it.${access}`;
  return `${since}.${access}`;
}

/** Asks before a request is withdrawn, access is given up, or a rejected request is removed: each says what is lost. */
function confirmEnding(status: Status, service: string, application: string): ConfirmationDialog {
  const [name, forWhich] = [truncate(oneLine(service), 80), oneLine(application)];
  const words = {
    pending: {
      title: 'Withdraw this request?',
      text: `The approvers will no longer see the request for ${name} by ${forWhich}. You can ask again.`,
      confirm: 'Withdraw',
    },
    approved: {
      title: `Give up ${name}?`,
      text: `${forWhich} loses access to ${name}. You can ask again later.`,
      confirm: 'Give up',
    },
    rejected: {
      title: 'Remove this request?',
      text: `The rejected request for ${name} by ${forWhich} leaves your list. You can ask again.`,
      confirm: 'Remove',
    },
  };
  const { title, text, confirm } = words[status === 'approved' || status === 'rejected' ? status : 'pending'];
  return {
    title: plain(title, 100),
    text: plain(text, 300),
    confirm: plain(confirm, 30),
    deny: plain('Keep', 30),
    style: 'danger',
  };
}
