import type { Approvers } from '../../domain/approvers.ts';
import { truncate } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import { button, context, dateTime, mrkdwn, plain, section } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import { unregisterButton } from '../home/applications.ts';
import type { Message } from '../message.ts';

type Waiting = {
  id: number;
  publicId: string;
  version: number;
  service: string;
  application: string;
  requestedAt: Date;
  approvers: Approvers;
};

/** Renders a requester's pending requests, oldest first, out of `total`. */
export function pendingMessage(waiting: Waiting[], total: number): Message {
  const headline =
    total === 1
      ? 'Your request is still waiting for a decision'
      : `${total} of your requests are still waiting for a decision`;
  const more = total - waiting.length;
  return {
    text: `${headline}.`,
    blocks: [
      { ...section(`:hourglass_flowing_sand: *${headline}.*`), block_id: 'headline' },
      ...waiting.map(({ id, publicId, version, service, application, requestedAt, approvers }) => ({
        type: 'section' as const,
        block_id: `request-${id}`,
        fields: [
          plain(`${truncate(service, 150)} — ${application}`),
          mrkdwn(`Since ${dateTime(requestedAt)}, for ${describeApprovers(approvers)}`),
        ],
        accessory: button(unregisterButton, 'Withdraw', buttonValue({ publicId, version })),
      })),
      ...(more > 0 ? [{ ...context(`and ${more} more`), block_id: 'more' }] : []),
      { ...context('Whoever decides has been reminded. You need not do anything.'), block_id: 'next' },
    ],
  };
}

/** The response to a request that was withdrawn outside a form. */
export const withdrawnText = 'The request is withdrawn. You can ask again with `/register`.';
