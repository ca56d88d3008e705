/** What users read when something is slow or fails: what happened, what did not, and what to do next. */
import type { KnownBlock, ModalView } from '@slack/types';
import { escapeMrkdwn, fields, messageModal, section, textElement } from './blocks.ts';
import type { Message } from './message.ts';

const title = 'Registrar';

export const formNotOpened = 'Slack didn’t open the form, and nothing was changed. Try again.';

export const failed =
  'Something went wrong, and Registrar couldn’t do this. Try again in a moment: nothing will happen twice.';

export const slow =
  'Registrar is slow just now and still working on this. If nothing has changed in a minute, try again: nothing will happen twice.';

/** Shown for a button, a form or a command that this version of Registrar does not have. */
export const staleControl =
  'That no longer exists, and nothing was changed. `/registrations` shows what you have, `/register` requests more.';

/** Shows a text in a modal, where there is no message to respond to. */
export const textModal = (text: string, about: KnownBlock[] = []): ModalView =>
  messageModal(title, [{ ...section(text), block_id: 'aside' }, ...about]);

/** Shown under a field of a form that stays open. */
export const notSaved = 'Registrar couldn’t save this. Nothing is lost: press the button again in a moment.';

/** Opened while what it will show is still being looked up. */
export const loading: ModalView = messageModal(title, [section(':hourglass_flowing_sand: *Just a moment.*')]);

/** Replaces a form whose work takes longer than Slack waits. */
export const working: ModalView = messageModal(title, [
  section(':hourglass_flowing_sand: *Still working on it.* You’ll see here how it ended.'),
]);

/** Replaces that form when the work is done, where it would have closed. */
export const done: ModalView = messageModal(title, [section(':white_check_mark: *Done.*')]);

/**
 * Says how a form ended that its user has closed meanwhile, by what it would have become; undefined where its work failed. What
 * would have been the next step is to be begun again.
 */
export function endedMessage(form: { title?: { text: string } }, ended: ModalView | undefined): Message {
  const name = form.title?.text ?? title;
  const next = ended?.submit ? [section(unfinished)] : undefined;
  const shown = next ?? (ended?.blocks as KnownBlock[] | undefined) ?? [section(failed)];
  return {
    text: `How “${escapeMrkdwn(name)}” ended.`,
    blocks: [
      { ...section(`*${escapeMrkdwn(name)}*`), block_id: 'ended' },
      ...shown.filter(({ type }) => type !== 'input'),
    ],
  };
}

const unfinished = 'Nothing was changed yet. Open the form again to go on.';

/** Replaces that form when it is refused, too late for errors under its fields. */
export const errorsModal = (errors: Record<string, string>): ModalView =>
  messageModal(title, [
    section(':no_entry_sign: *Nothing was changed.*'),
    fields(
      'refused',
      Object.values(errors).map((text) => ({ label: '', value: [textElement(text)] })),
    ),
  ]);
