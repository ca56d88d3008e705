/** The form that asks for confirmation before a request is deleted. */
import type { ModalView } from '@slack/types';
import type { Reference } from '../../../domain/reference.ts';
import type { Status } from '../../../domain/registration.ts';
import { messageModal, oneLine, plain, section } from '../../blocks.ts';
import { buttonValue } from '../../button-value.ts';
import { type RequestNames, requestLine } from './request-line.ts';

export const deleteModalId = 'delete-request';

const title = 'Delete request';

/** Says what a deletion takes, in plain text. */
export function deletionText({ service, application }: Omit<RequestNames, 'requester'>, status: Status): string {
  const [name, forWhich] = [oneLine(service), oneLine(application)];
  const loses = status === 'approved' ? `${forWhich} loses access to ${name}. ` : '';
  return `${loses}Its owners can ask again. The history stays.`;
}

export const deleteRequestModal = ({ publicId, seen }: Reference, names: RequestNames, status: Status): ModalView => ({
  type: 'modal',
  callback_id: deleteModalId,
  private_metadata: buttonValue({ publicId, version: seen }),
  title: plain(title, 24),
  submit: plain('Delete', 24),
  close: plain('Keep', 24),
  blocks: [requestLine(names), { type: 'section', block_id: 'follows', text: plain(deletionText(names, status)) }],
});

/** Replaces the form when the deletion is refused. */
export const notDeleted = (why: string): ModalView =>
  messageModal(title, [{ ...section(`:no_entry_sign: ${why}`), block_id: 'refused' }]);
