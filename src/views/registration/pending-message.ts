import type { SectionBlock } from '@slack/types';
import type { ShownApprovers } from '../../domain/approvers.ts';
import { atLeast } from '../../domain/pagination.ts';
import type { Status } from '../../domain/registration.ts';
import type { ServiceState } from '../../domain/service.ts';
import { capitalize, truncate } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import { button, context, dateTime, mention, mrkdwn, plain, section } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import { unregisterButton } from '../home/applications.ts';
import type { Message } from '../message.ts';
import { closedText } from '../service/state.ts';
import { statusEmoji } from './timeline.ts';

export type Listed = { id: number; publicId: string; version: number; service: string; application: string };

/**
 * A pending request; `reminded`: the approvers whom its reminders have reached, undefined where that is no one; `owned`: the
 * requester still owns its application.
 */
type Waiting = Listed & {
  requestedAt: Date;
  approvers: ShownApprovers;
  reminded: ShownApprovers | undefined;
  state: ServiceState;
  owned: boolean;
};

/** A request that waits no longer, and its last change. */
export type Over = Listed & { status: Status; changedBy: string | null; changedAt: Date };

/** Renders the requests of a reminder to their requester: those that wait, oldest first, out of `total`, and the others. */
export function pendingMessage(waiting: Waiting[], over: Over[], total: number): Message {
  const headline = headlineOf(over.length, total);
  const more = total - waiting.length;
  const icon = total > 0 ? ':hourglass_flowing_sand:' : ':ballot_box_with_check:';
  return {
    text: `${headline}.`,
    blocks: [
      { ...section(`${icon} *${headline}.*`), block_id: 'headline' },
      ...waiting.map((one) => ({
        ...row(
          one,
          `Pending since ${dateTime(one.requestedAt)}, waiting for ${describeApprovers(one.approvers)}${one.state === 'open' ? '' : `.${closedText(one.state)}`}`,
        ),
        ...(one.owned ? { accessory: button(unregisterButton, 'Withdraw', buttonValue(one)) } : {}),
      })),
      ...over.map((one) => row(one, describeEnd(one))),
      ...(more > 0 ? [{ ...context(`and ${atLeast(more, total)} more`), block_id: 'more' }] : []),
      ...(total > 0 ? [{ ...context(`${remindedText(waiting)}Nothing to do on your side.`), block_id: 'next' }] : []),
    ],
  };
}

function headlineOf(over: number, total: number): string {
  if (total > 1) return `${capitalize(atLeast(total))} of your requests are still waiting for a decision`;
  if (total === 1) return 'Your request is still waiting for a decision';
  return over === 1 ? 'Your request is no longer waiting' : 'These requests are no longer waiting';
}

export const row = ({ id, service, application }: Listed, state: string): SectionBlock => ({
  type: 'section',
  block_id: `request-${id}`,
  fields: [plain(`${truncate(service, 150)} — ${application}`), mrkdwn(state)],
});

/** Describes how a request ended: "Approved by @alex, today at 10:15". */
export function describeEnd({ status, changedBy, changedAt }: Over): string {
  const word = status === 'unregistered' ? 'Withdrawn' : capitalize(status);
  const by = changedBy ? ` by ${mention(changedBy)}` : '';
  return `${statusEmoji[status]} ${word}${by}, ${dateTime(changedAt)}`;
}

/** Says whom the reminders have reached; nothing where there is a request for which they have reached no approver. */
function remindedText(waiting: Waiting[]): string {
  const all = [...new Set(waiting.map(({ reminded }) => reminded && describeApprovers(reminded, 'and')))];
  if (all.includes(undefined)) return '';
  return `We’ve reminded ${all.length === 1 ? all[0] : 'the approvers'}. `;
}

/** The response to a request that was withdrawn outside a form. */
export const withdrawnText = 'You withdrew the request. You can ask again with `/register`.';
