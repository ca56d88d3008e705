/** Messages about applications: who owns one now, and which have lost their last owner. */
import type { KnownBlock } from '@slack/types';
import type { ApplicationEvent } from '../../domain/application.ts';
import { button, context, dateTime, fields, inlineText, mention, person, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import type { Message } from '../message.ts';

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
  const who = actor ? mention(actor) : 'Somebody';
  const others = owners.filter((id) => id !== reader).map(mention);
  const remaining =
    others.length > 0 ? `You own it together with ${others.join(', ')}.` : 'You are its only owner now.';
  if (action === 'delete') return notice(`:wastebasket: ${who} has deleted this application, with all that it had.`);
  if (action === 'depart') {
    const [left = ''] = removed;
    return notice(`:wave: ${mention(left)} has left Slack, and so owns this application no longer. ${remaining}`);
  }
  if (added.includes(reader)) {
    const did =
      action === 'hand-over' ? 'has handed this application over to you' : 'has made you an owner of this application';
    return notice(`:key: ${who} ${did}. ${remaining} Registrar's Home shows it.`);
  }
  return notice(`:key: ${who} has taken you off the owners of this application.`);

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

/** Asks the admins to assign an owner; after one of them has, says whom. */
export function ownerlessMessage(ownerless: OwnerlessApplication): Message {
  const { application, left, since, adopted } = ownerless;
  const said = adopted
    ? `:key: *Handed over to ${mention(adopted.owner)} by ${mention(adopted.by)}* ${dateTime(adopted.at)}`
    : ':warning: *This application has no owner any more.* Nobody can unregister what it has, or delete it. Hand it over to somebody.';
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
    text: `${adopted ? 'Handed over' : 'An application has no owner any more'}: ${inlineText(application)}.`,
    blocks: [
      fields('application', [
        { label: 'Application', value: [textElement(application)] },
        { label: 'Last owner', value: [person(left), textElement(', who has left Slack')] },
      ]),
      { ...section(said), block_id: 'said' },
      ...(adopted ? [] : [{ ...context(`Since ${dateTime(since)}.`), block_id: 'since' }]),
      ...actions,
    ],
  };
}
