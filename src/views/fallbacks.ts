/** What people read when something is slow or broken: what happened, what did not, and what to do next. */
import type { ModalView } from '@slack/types';
import { fields, messageModal, section, textElement } from './blocks.ts';

const title = 'Registrar';

export const formNotOpened = 'Slack did not open the form just now, and nothing was changed. Please try again.';

export const failed = 'Registrar could not do this just now. Please try again in a moment: nothing will happen twice.';

export const slow =
  'Registrar is slow just now, and still working on this. If nothing has changed in a minute, please try again: nothing will happen twice.';

/** To whoever used a button, a form or a command that this version of Registrar does not have. */
export const staleControl =
  'Registrar does not know this any more, and nothing was changed. `/registrations` shows what you have, `/register` asks for more.';

/** A word to whoever clicked where no message can stand beside it. */
export const textModal = (text: string): ModalView => messageModal(title, [{ ...section(text), block_id: 'aside' }]);

/** Under a field of a form that stays as it was filled in. */
export const notSaved = 'Registrar could not save this just now. Nothing is lost: press the button again in a moment.';

/** What opens while what it shows is still being looked up. */
export const loading: ModalView = messageModal(title, [section(':hourglass_flowing_sand: *Just a moment.*')]);

/** What a form becomes while its work takes longer than Slack waits. */
export const working: ModalView = messageModal(title, [
  section(':hourglass_flowing_sand: *Still working on it.* This window will tell you how it ended.'),
]);

/** What it becomes when the work is done and the form would simply have closed. */
export const done: ModalView = messageModal(title, [section(':white_check_mark: *Done.*')]);

/** What it becomes when the answer is no, too late to be shown on the fields. */
export const errorsModal = (errors: Record<string, string>): ModalView =>
  messageModal(title, [
    section(':no_entry_sign: *Nothing was changed.*'),
    fields(
      'refused',
      Object.values(errors).map((text) => ({ label: '', value: [textElement(text)] })),
    ),
  ]);
