/** The form that asks an approver why: for Reject, for Revoke, and for Approve with a note. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Reference } from '../../../domain/reference.ts';
import type { Decision } from '../../../domain/registration.ts';
import { messageModal, plain, reasonInput, reasonText, section } from '../../blocks.ts';
import { buttonValue, readReference } from '../../button-value.ts';
import { type RequestNames, requestLine } from './request-line.ts';

/** The decisions that are taken with a form: those that need a reason, and an approval with a note. */
export type FormDecision = Extract<Decision, 'approve' | 'reject' | 'revoke'>;

export const reasonModalIds = {
  approve: 'approve-note',
  reject: 'reject-reason',
  revoke: 'revoke-reason',
} as const satisfies Record<FormDecision, string>;

const reasonHint = 'The owners read this. Say why, and what they can do instead.';

const words = {
  approve: {
    title: 'Approve with a note',
    submit: 'Approve',
    label: 'Note',
    hint: 'The owners read this. Say what to look out for, and where to start.',
  },
  reject: { title: 'Reject request', submit: 'Reject', label: 'Reason', hint: reasonHint },
  revoke: { title: 'Revoke access', submit: 'Revoke', label: 'Reason', hint: reasonHint },
} as const satisfies Record<FormDecision, { title: string; submit: string; label: string; hint: string }>;

/** Builds the form. `names` is undefined where the registration was not read in time: Slack waits for a form. */
export const reasonModal = (
  decision: FormDecision,
  { publicId, seen }: Reference,
  names: RequestNames | undefined,
): ModalView => ({
  type: 'modal',
  callback_id: reasonModalIds[decision],
  private_metadata: buttonValue({ publicId, version: seen }),
  title: plain(words[decision].title, 24),
  submit: plain(words[decision].submit, 24),
  close: plain('Cancel', 24),
  blocks: [...(names ? [requestLine(names)] : []), reasonInput(words[decision].hint, { label: words[decision].label })],
});

const values = z.object({
  reason: z.object({ reason: z.object({ value: reasonText }) }),
});

/** Parses the submitted form; undefined parts were missing, forged, or only spaces. */
export const readReason = (view: { private_metadata: string; state?: { values: unknown } }) => ({
  pressed: readReference(view.private_metadata),
  reason: values.safeParse(view.state?.values).data?.reason.reason.value,
});

/** Replaces the form when the decision is refused. */
export const decisionRefusedModal = (decision: FormDecision, why: string): ModalView =>
  messageModal(words[decision].title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
