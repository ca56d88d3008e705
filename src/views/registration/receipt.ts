/** The direct message that a requester keeps of a form, where an approver decides some of its requests. */
import type { ShownApprovers } from '../../domain/approvers.ts';
import type { Status } from '../../domain/registration.ts';
import { approverMentions } from '../approvers.ts';
import { context, dateTime, fields, inlineText, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';

/** A service that was requested: the status that its registration began with, and who could decide then. */
type Requested = { service: string; status: Status; approvers: ShownApprovers };

/** Says what was requested, in words that stay true: the message is not updated. */
export function receiptMessage(application: string, at: Date, requested: Requested[]): Message {
  const headline = requested.length === 1 ? 'You sent a request' : `You sent ${requested.length} requests`;
  const names = requested.map(({ service }) => inlineText(service)).join(', ');
  return {
    text: `${headline}: ${names} for ${inlineText(application)}.`,
    blocks: [
      { ...section(`:memo: *${headline}.*`), block_id: 'headline' },
      fields('requested', [
        ...requested.map(({ service, status, approvers }) => ({
          label: status === 'pending' ? 'Sent for review' : 'Approved automatically',
          value: [
            textElement(service, 150),
            ...(status === 'pending' ? [textElement(', to '), ...approverMentions(approvers)] : []),
          ],
        })),
        { label: 'Application', value: [textElement(application, 150)] },
      ]),
      {
        ...context(
          `Requested ${dateTime(at)}. You’ll hear of each decision here. To withdraw a request, use \`/unregister\`. To edit its reason, open Home.`,
        ),
        block_id: 'next',
      },
    ],
  };
}
