/** The form in which a requester edits the reason of a request that is still pending. */
import type { ModalView } from '@slack/types';
import type { Reference } from '../../../domain/reference.ts';
import { messageModal, plain, reasonInput, section } from '../../blocks.ts';
import { buttonValue } from '../../button-value.ts';
import { type RequestNames, requestLine } from './request-line.ts';

export const editModalId = 'edit-reason';

const title = 'Edit reason';

/** Builds the form; `reason` is the current one. */
export function editModal({ publicId, seen }: Reference, names: RequestNames, reason: string): ModalView {
  return {
    type: 'modal',
    callback_id: editModalId,
    private_metadata: buttonValue({ publicId, version: seen }),
    title: plain(title, 24),
    submit: plain('Save', 24),
    close: plain('Cancel', 24),
    blocks: [
      requestLine(names),
      reasonInput('The approvers read this. The card says that it was edited.', { written: reason }),
    ],
  };
}

/** Replaces the form when the edit is refused. */
export const notEdited = (why: string): ModalView =>
  messageModal(title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
