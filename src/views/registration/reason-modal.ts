/** The form that asks an approver why: for Reject and for Revoke. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Reference } from '../../domain/reference.ts';
import type { ReasonedDecision } from '../../domain/registration.ts';
import { messageModal, plain, reasonInput, reasonText, section } from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';

export const reasonModalIds = { reject: 'reject-reason', revoke: 'revoke-reason' } as const satisfies Record<
  ReasonedDecision,
  string
>;

const words = {
  reject: { title: 'Reject request', submit: 'Reject' },
  revoke: { title: 'Revoke access', submit: 'Revoke' },
} as const satisfies Record<ReasonedDecision, { title: string; submit: string }>;

/** Builds the form. It needs no data but the registration and its version. */
export const reasonModal = (decision: ReasonedDecision, { publicId, seen }: Reference): ModalView => ({
  type: 'modal',
  callback_id: reasonModalIds[decision],
  private_metadata: buttonValue({ publicId, version: seen }),
  title: plain(words[decision].title, 24),
  submit: plain(words[decision].submit, 24),
  close: plain('Cancel', 24),
  blocks: [reasonInput('The requester reads this. Say why, and what they could do instead.')],
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
export const decisionRefusedModal = (decision: ReasonedDecision, why: string): ModalView =>
  messageModal(words[decision].title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
