/** Messages about applications: who owns one now, and which have lost their last owner. */
import type { KnownBlock } from '@slack/types';
import type { ApplicationEvent } from '../../domain/application.ts';
import type { Status } from '../../domain/registration.ts';
import { truncate } from '../../domain/text.ts';
import {
  button,
  context,
  dateTime,
  fields,
  inlineText,
  mention,
  mrkdwn,
  person,
  plain,
  section,
  textElement,
} from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';
import { ownerMentions } from '../owners.ts';

/** An event of an application that one of its owners is notified of. */
type OwnerEvent = {
  application: string;
  action: ApplicationEvent;
  actor: string | null;
  added: string[];
  removed: string[];
  owners: string[];
};

/** Tells `reader` about an event: that they became an owner, that they are none now, or that another owner has left. */
export function ownerMessage(
  { application, action, actor, added, removed, owners }: OwnerEvent,
  reader: string,
): Message {
  const who = actor ? mention(actor) : 'Someone';
  const others = owners.filter((id) => id !== reader).map(mention);
  const remaining = others.length > 0 ? `You own it together with ${others.join(', ')}.` : 'You’re its only owner now.';
  if (action === 'delete') return notice(`:wastebasket: ${who} deleted this application, with everything it had.`);
  if (action === 'depart') {
    const [left = ''] = removed;
    return notice(`:wave: ${mention(left)} left Slack, and no longer owns this application. ${remaining}`);
  }
  if (added.includes(reader)) {
    const did =
      action === 'hand-over' ? 'handed this application over to you' : 'made you an owner of this application';
    return notice(`:key: ${who} ${did}. ${remaining} You’ll find it in Home.`);
  }
  if (action === 'hand-over' && owners.includes(reader))
    return notice(`:key: ${ownershipChange({ action, actor, added, removed })} ${remaining}`);
  return notice(`:key: ${who} removed you from the owners of this application.`);

  function notice(said: string): Message {
    return {
      text: `${said} ${inlineText(application)}`,
      blocks: [
        fields('application', [{ label: 'Application', value: [textElement(application)] }]),
        { ...section(said), block_id: 'said' },
      ],
    };
  }
}

type OwnershipEvent = Pick<OwnerEvent, 'application' | 'action' | 'actor' | 'added' | 'removed' | 'owners'> & {
  at: Date;
};

/** Tells approvers that an application has other owners, and which services it has or waits for. `total`: of these. */
export function ownershipMessage(
  event: OwnershipEvent,
  services: { name: string; status: Status }[],
  total: number,
): Message {
  const { application, owners, at } = event;
  const more = total > services.length ? `, and ${total - services.length} more` : '';
  const list = services.map(({ name, status }) => `${truncate(name, 75)} (${status})`).join(', ');
  const said = ownershipChange(event);
  return {
    text: `${said} ${inlineText(application)}`,
    blocks: [
      { ...section(`:key: *${said}*`), block_id: 'said' },
      fields('application', [
        { label: 'Application', value: [textElement(application)] },
        { label: owners.length === 1 ? 'Owner now' : 'Owners now', value: ownerMentions(owners) },
        { label: 'Registered for', value: [textElement(`${list}${more}`)] },
      ]),
      {
        ...context(`Changed ${dateTime(at)}. It keeps its access. To end it, choose Revoke on the card.`),
        block_id: 'next',
      },
    ],
  };
}

/** Tells approvers which applications a person who left Slack no longer owns. `total`: of these. */
export function ownerLeftMessage(
  left: string,
  applications: { application: string; owners: string[] }[],
  total: number,
  at: Date,
): Message {
  const count =
    total === 1 ? 'an application that is registered here' : `${total} applications that are registered here`;
  const said = `${mention(left)} left Slack, and no longer owns ${count}.`;
  const more = total - applications.length;
  const keep = total === 1 ? 'It keeps its access' : 'They keep their access';
  return {
    text: `${said} ${applications.map(({ application }) => inlineText(application, 60)).join(', ')}`,
    blocks: [
      { ...section(`:wave: *${said}*`), block_id: 'said' },
      ...applications.map(
        ({ application, owners }, index): KnownBlock => ({
          type: 'section',
          block_id: `left-${index}`,
          fields: [plain(application), mrkdwn(ownedNow(owners))],
        }),
      ),
      ...(more > 0 ? [{ ...context(`and ${more} more`), block_id: 'more' }] : []),
      { ...context(`Since ${dateTime(at)}. ${keep}. To end it, choose Revoke on the card.`), block_id: 'next' },
    ],
  };
}

const ownedNow = (owners: string[]): string =>
  owners.length === 0
    ? ':warning: No owner now. The admins are asked to choose one.'
    : `${owners.length === 1 ? 'Owner' : 'Owners'} now: ${owners.map(mention).join(', ')}`;

function ownershipChange({
  action,
  actor,
  added,
  removed,
}: Pick<OwnerEvent, 'action' | 'actor' | 'added' | 'removed'>): string {
  const who = actor ? mention(actor) : 'Someone';
  const names = (ids: string[]) => ids.map(mention).join(', ');
  if (action === 'leave') return `${who} is no longer an owner of this application.`;
  if (action === 'hand-over' && removed.length === 0)
    return added.some((id) => id === actor)
      ? `${who} took over this application, which had no owner.`
      : `${who} handed this application, which had no owner, to ${names(added)}.`;
  if (action === 'hand-over')
    return added.length > 0
      ? `${who} handed this application over to ${names(added)}.`
      : `${who} handed this application over to its other owners.`;
  const came = added.length > 0 ? [`made ${names(added)} an owner`] : [];
  const went = removed.length > 0 ? [`removed ${names(removed)} from the owners`] : [];
  return `${who} ${[...came, ...went].join(' and ')} of this application.`;
}

/** The button on the message about an application that has no owner; its value is `publicId@version`. */
export const assignOwnerButton = 'adopt-application';

type OwnerlessApplication = {
  publicId: string;
  version: number;
  application: string;
  left: string;
  since: Date;
  adopted: { by: string; owner: string; at: Date } | null;
};

/** Asks the admins to assign owners to what a person left, in one message; says whom, where one of them has. */
export function ownerlessMessage(left: OwnerlessApplication[]): Message {
  const [only, ...more] = left;
  if (only && more.length === 0) return oneOwnerless(only);
  const count = left.length;
  const who = only?.left ?? '';
  return {
    text: `${count} applications no longer have an owner: ${left.map(({ application }) => inlineText(application, 60)).join(', ')}.`,
    blocks: [
      {
        ...section(
          `:warning: *${mention(who)} left Slack, and ${count} applications no longer have an owner.* No one can unregister what they have, or delete them. Choose a new owner for each.`,
        ),
        block_id: 'said',
      },
      ...left.map((one, index): KnownBlock => {
        const facts = one.adopted ? handedOver(one.adopted) : `Since ${dateTime(one.since)}`;
        return {
          type: 'section',
          block_id: `ownerless-${index}`,
          fields: [plain(one.application), mrkdwn(facts)],
          ...(one.adopted ? {} : { accessory: button(assignOwnerButton, 'Hand over', buttonValue(one)) }),
        };
      }),
    ],
  };
}

const handedOver = ({ by, owner, at }: NonNullable<OwnerlessApplication['adopted']>): string =>
  `:key: *Handed over to ${mention(owner)} by ${mention(by)}* ${dateTime(at)}`;

function oneOwnerless(ownerless: OwnerlessApplication): Message {
  const { application, left, since, adopted } = ownerless;
  const said = adopted
    ? handedOver(adopted)
    : ':warning: *This application no longer has an owner.* No one can unregister what it has, or delete it. Choose a new owner.';
  const actions: KnownBlock[] = adopted
    ? []
    : [
        {
          type: 'actions',
          block_id: 'adopt',
          elements: [button(assignOwnerButton, 'Hand over', buttonValue(ownerless), 'primary')],
        },
      ];
  return {
    text: `${adopted ? 'Handed over' : 'An application no longer has an owner'}: ${inlineText(application)}.`,
    blocks: [
      fields('application', [
        { label: 'Application', value: [textElement(application)] },
        { label: 'Last owner', value: [person(left), textElement(', who left Slack')] },
      ]),
      { ...section(said), block_id: 'said' },
      ...(adopted ? [] : [{ ...context(`Since ${dateTime(since)}.`), block_id: 'since' }]),
      ...actions,
    ],
  };
}
