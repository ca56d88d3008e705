/** The direct message that asks an approver who cannot see the card to decide, in Home. */
import type { Button, KnownBlock } from '@slack/types';
import type { Registration } from '../../domain/registration.ts';
import {
  button,
  context,
  dateTime,
  fields,
  inlineText,
  mention,
  person,
  quote,
  section,
  textElement,
} from '../blocks.ts';
import type { Message } from '../message.ts';
import { closedText } from '../service/state.ts';
import { eventTitle, statusEmoji } from './timeline.ts';

/** The button that opens Home. Slack opens its link, and tells the bot that it was clicked. */
export const openHomeButton = 'open-home';

type Reader = {
  /** Whether the reader can decide the request. */
  able: boolean;
  /** The link that opens Home; undefined where it is not known. */
  home: string | undefined;
};

export function approverMessage(registration: Registration, { able, home }: Reader): Message {
  const { service, application, requester, reason, requestedAt, status, history } = registration;
  const last = history.at(-1);
  const over =
    status === 'pending' || !last
      ? ':information_source: *Someone else decides this request now.*'
      : `${statusEmoji[last.to]} *${eventTitle(last)}* ${dateTime(last.at)}`;
  const request = `${inlineText(service.name)} for ${inlineText(application)}`;
  const actions: KnownBlock[] = able && home ? [{ type: 'actions', block_id: 'home', elements: [openHome(home)] }] : [];
  return {
    text: able ? `${mention(requester)} requests ${request}. You can decide it in Home.` : `Over: ${request}.`,
    blocks: [
      { ...section(able ? ':wave: *You’re asked to decide a request.*' : over), block_id: 'headline' },
      fields('request', [
        { label: 'Service', value: [textElement(service.name, 150)] },
        { label: 'Application', value: [textElement(application, 150)] },
        { label: 'Requested by', value: [person(requester)] },
      ]),
      quote('reason', reason),
      ...(able
        ? [
            {
              ...context(
                `Requested ${dateTime(requestedAt)}. Approve or reject it in Home.${closedText(service.state)}`,
              ),
              block_id: 'next',
            },
          ]
        : []),
      ...actions,
    ],
  };
}

export const openHome = (url: string): Button => ({ ...button(openHomeButton, 'Open Home', 'home', 'primary'), url });
