/** The message about a change of a service that lets more through, or lets others decide. */
import type { ServiceChange } from '../../domain/service.ts';
import { context, dateTime, fields, inlineText, mention, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';
import { actorName, changedFields } from './timeline.ts';

/** Says what follows from it for the admin who made it. */
const waits = (who: string): string =>
  ` For a day, requests for ${mention(who)}’s own applications still need a decision here.`;

export function ruleChangeMessage({ name }: { name: string }, change: ServiceChange): Message {
  const did = change.before ? 'changed the rules of this service' : 'added a service that approves every request';
  const said = `${actorName(change)} ${did}.`;
  return {
    text: `${said} ${inlineText(name)}`,
    blocks: [
      { ...section(`:unlock: *${said}*`), block_id: 'said' },
      fields('service', [{ label: 'Service', value: [textElement(name, 150)] }]),
      ...changedFields('rules', [change]),
      {
        ...context(`Changed ${dateTime(change.at)}.${change.actor ? waits(change.actor) : ''}`),
        block_id: 'next',
      },
    ],
  };
}
