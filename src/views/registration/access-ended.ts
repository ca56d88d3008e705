/** The reply in a card's thread that tells the channel that access has ended. */
import type { RichTextElement } from '@slack/types';
import type { HistoryEvent, Registration } from '../../domain/registration.ts';
import { inlineText, person, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';
import { eventTitle, pastTense } from './timeline.ts';

export function accessEndedReply({ service, application, access }: Registration, entry: HistoryEvent): Message {
  const { actor, action } = entry;
  const verb = action === 'request' ? 'ended' : pastTense[action];
  const by: RichTextElement[] = actor ? [textElement(' by '), person(actor)] : [];
  const lost = `${application} no longer has access to ${service.name}`;
  return {
    text: `${eventTitle(entry)}: ${inlineText(lost, 250)}.`,
    blocks: [
      {
        type: 'rich_text',
        block_id: 'ended',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { type: 'emoji', name: 'lock' },
              textElement(` ${lost}: ${verb}`),
              ...by,
              // At a gateway Registrar closes it itself, and the card shows whether it has.
              textElement(access ? '.' : '. Close what is still open, such as its keys.'),
            ],
          },
        ],
      },
    ],
  };
}
