/** What people are told of applications: who owns one now, and which have nobody left. */
import type { KnownBlock } from '@slack/types';
import type { ApplicationEvent } from '../../domain/application.ts';
import { button, context, dateTime, fields, inlineText, mention, person, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';

/** An event, as one of those whom it concerns is told. */
type Told = {
  application: string;
  action: ApplicationEvent;
  actor: string | null;
  added: string[];
  removed: string[];
  owners: string[];
};

/** What `reader` is told of an event: that they own the application now, or no longer, or who else does not any more. */
export function ownerMessage({ application, action, actor, added, removed, owners }: Told, reader: string): Message {
  const who = actor ? mention(actor) : 'Somebody';
  const others = owners.filter((id) => id !== reader).map(mention);
  const beside = others.length > 0 ? `You own it together with ${others.join(', ')}.` : 'You are its only owner now.';
  if (action === 'delete') return notice(`:wastebasket: ${who} has deleted this application, with all that it had.`);
  if (action === 'depart') {
    const [left = ''] = removed;
    return notice(`:wave: ${mention(left)} has left Slack, and so owns this application no longer. ${beside}`);
  }
  if (added.includes(reader)) {
    const did =
      action === 'hand-over' ? 'has handed this application over to you' : 'has made you an owner of this application';
    return notice(`:key: ${who} ${did}. ${beside} Registrar's Home shows it.`);
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

/** The button on the message about an application that has no owner; its value is `id@version`. */
export const adoptButton = 'adopt-application';

type Orphan = {
  id: number;
  version: number;
  application: string;
  left: string;
  since: Date;
  adopted: { by: string; owner: string; at: Date } | null;
};

/** What the admins are asked, and what that becomes when one of them has answered. */
export function ownerlessMessage({ id, version, application, left, since, adopted }: Orphan): Message {
  const said = adopted
    ? `:key: *Handed over to ${mention(adopted.owner)} by ${mention(adopted.by)}* ${dateTime(adopted.at)}`
    : ':warning: *This application has no owner any more.* Nobody can unregister what it has, or delete it. Hand it over to somebody.';
  const actions: KnownBlock[] = adopted
    ? []
    : [
        {
          type: 'actions',
          block_id: 'adopt',
          elements: [button(adoptButton, 'Hand over', `${id}@${version}`, 'primary')],
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
