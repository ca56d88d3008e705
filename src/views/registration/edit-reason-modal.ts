/** The form in which a requester edits the reason of a request that is still pending. */
import type { ModalView } from '@slack/types';
import { messageModal, plain, reasonInput, section } from '../blocks.ts';
import type { ButtonValue } from '../button-value.ts';

export const editModalId = 'edit-reason';

const title = 'Edit reason';

/** Builds the form; `reason` is the current one. */
export function editModal({ id, seen }: ButtonValue, reason: string): ModalView {
  return {
    type: 'modal',
    callback_id: editModalId,
    private_metadata: `${id}@${seen}`,
    title: plain(title, 24),
    submit: plain('Save', 24),
    close: plain('Cancel', 24),
    blocks: [reasonInput('The approver reads this. The card will say that it was edited.', reason)],
  };
}

/** Replaces the form when the edit is refused. */
export const notEdited = (why: string): ModalView =>
  messageModal(title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
