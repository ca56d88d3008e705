/** The modal that follows the form "Register an application". */
import type { ModalView } from '@slack/types';
import type { ShownApprovers } from '../../domain/approvers.ts';
import type { Status } from '../../domain/registration.ts';
import { approverMentions } from '../approvers.ts';
import { context, fields, messageModal, section, textElement } from '../blocks.ts';
import { otherApproverText } from './refusals.ts';
import { registerTitle } from './register-modal.ts';

/** A new registration, and its approvers. */
type CreatedRegistration = { service: string; status: Status; approvers: ShownApprovers; deadEnd: boolean };

/** Confirms the requests: which are approved, and whom the others wait for. */
export function confirmation(
  application: string,
  created: CreatedRegistration[],
  admins: ShownApprovers | null,
): ModalView {
  const deadEnds = created.filter(({ status, deadEnd }) => status === 'pending' && deadEnd);
  const waiting = created.some(({ status }) => status === 'pending');
  const approved = created.some(({ status }) => status === 'approved');
  return messageModal(registerTitle, [
    { ...section(headline(waiting, approved)), block_id: 'headline' },
    fields('requested', [
      { label: 'Application', value: [textElement(application)] },
      ...created.map(({ service, status, approvers }) => ({
        label: status === 'pending' ? 'Under review' : status === 'approved' ? 'Approved' : `Now ${status}`,
        value: [
          textElement(service, 150),
          ...(status === 'pending' ? [textElement(', waiting for '), ...approverMentions(approvers)] : []),
        ],
      })),
    ]),
    ...(deadEnds.length > 0
      ? [
          fields('dead-end', [
            {
              label: 'No one else can approve',
              value: [textElement(deadEnds.map(({ service }) => service).join(', '), 500)],
            },
          ]),
          { ...section(`:warning: ${otherApproverText(admins)}`), block_id: 'who-changes-that' },
        ]
      : []),
    ...(waiting
      ? [
          {
            ...context('Nothing more to do. To withdraw a request, use /unregister. To edit its reason, open Home.'),
            block_id: 'next',
          },
        ]
      : []),
  ]);
}

function headline(waiting: boolean, approved: boolean): string {
  const review =
    ':hourglass_flowing_sand: *Your registration is under review.* You will be notified in a direct message.';
  const done = ':white_check_mark: *Your registration is approved.* The details are in a direct message.';
  const both = `:hourglass_flowing_sand: *Some requests are approved, the others are under review.* You will be notified in direct messages.`;
  if (waiting && approved) return both;
  if (waiting) return review;
  return approved ? done : 'This form was submitted before. Nothing was changed.';
}
