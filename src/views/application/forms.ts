/** The forms that create, rename, leave and delete an application. */
import type { InputBlock, KnownBlock, ModalView, PlainTextInput } from '@slack/types';
import { z } from 'zod';
import { type Application, applicationNameLimit } from '../../domain/application.ts';
import { atLeast } from '../../domain/pagination.ts';
import { capitalize } from '../../domain/text.ts';
import { context, fields, input, mrkdwn, plain, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
import { type FilledForm, withBlocks } from '../reopened-form.ts';
import { applicationFormIds } from './menu.ts';

export const newApplicationFormId = 'new-application';

/** Encodes the application that a form is about, and the version that it was opened at. */
export const encodeApplication = (application: Pick<Application, 'publicId' | 'version'>): string =>
  buttonValue(application);

/** Builds a form. Slack's titles and buttons have at most 24 characters. */
export const applicationForm = (
  callbackId: string,
  metadata: string,
  title: string,
  submit: string,
  blocks: KnownBlock[],
) =>
  ({
    type: 'modal',
    callback_id: callbackId,
    private_metadata: metadata,
    title: plain(title, 24),
    submit: plain(submit, 24),
    close: plain('Cancel', 24),
    blocks,
  }) satisfies ModalView;

/** Renders the name of the application, literally. */
export const applicationNameBlock = (name: string): KnownBlock =>
  fields('application', [{ label: 'Application', value: [textElement(name)] }]);

export const nameField = 'name';

const nameInput = (label: string, hint: string, element: Partial<PlainTextInput> = {}): InputBlock =>
  input(
    nameField,
    label,
    { type: 'plain_text_input', action_id: nameField, max_length: applicationNameLimit, ...element },
    hint,
  );

/** Builds the field of a new name, which is checked as it is typed. Enter submits the form. */
const newNameInput = (hint: string, before = ''): InputBlock => ({
  ...nameInput('Name', hint, {
    dispatch_action_config: { trigger_actions_on: ['on_character_entered'] },
    ...(before ? { initial_value: before } : {}),
  }),
  dispatch_action: true,
});

export const newApplicationModal = (): ModalView =>
  applicationForm(newApplicationFormId, '', 'New application', 'Create', [
    newNameInput('You’ll own it. You can add co-owners later, in its menu.'),
  ]);

export const renameModal = (application: Application): ModalView =>
  applicationForm(applicationFormIds.rename, encodeApplication(application), 'Rename application', 'Rename', [
    newNameInput('Cards and lists follow. It keeps what it is registered for.', application.name),
  ]);

const noticeBlock = 'name-notice';

/**
 * Renders an open form again, with what is wrong with the name that is being typed, or without. The field is the same to the
 * letter: Slack then keeps what is in it, and the focus.
 */
export function withNameNotice(form: FilledForm, notice: string | undefined): ModalView {
  const blocks = form.blocks.filter(({ block_id }) => block_id !== noticeBlock);
  const shown: KnownBlock[] =
    notice === undefined
      ? []
      : [{ type: 'context', block_id: noticeBlock, elements: [mrkdwn(':warning:'), plain(notice)] }];
  return withBlocks(form, [...(blocks as KnownBlock[]), ...shown]);
}

/** Reads what an open form says of its name. */
export function readNameNotice({ blocks }: FilledForm): string | undefined {
  const shown = blocks.find(({ block_id }) => block_id === noticeBlock);
  return noticeShown.safeParse(shown).data?.elements[1].text;
}

const noticeShown = z.object({ elements: z.tuple([z.unknown(), z.object({ text: z.string() })]) });

export function leaveModal(application: Application): ModalView {
  return applicationForm(applicationFormIds.leave, encodeApplication(application), 'Leave application', 'Leave', [
    applicationNameBlock(application.name),
    { ...section('You’ll no longer own it. Its other owners keep it, with everything it has.'), block_id: 'leave' },
  ]);
}

/** What deleting an application would do: how many registrations end, and how many revoked ones stay, of so many at most. */
export type DeletionImpact = { unregistrable: number; revoked: number };

export function deleteApplicationModal(
  application: Application,
  { unregistrable, revoked }: DeletionImpact,
): ModalView {
  const total = unregistrable + revoked;
  const ends =
    unregistrable === 0
      ? 'It has nothing to unregister.'
      : `*${capitalize(registrations(unregistrable, total))} will be unregistered*, and it loses access to those services.`;
  const stays = revoked === 0 ? [] : [{ ...context(left(revoked, total)), block_id: 'stays' }];
  return applicationForm(applicationFormIds.delete, encodeApplication(application), 'Delete application', 'Delete', [
    applicationNameBlock(application.name),
    { ...section(`:warning: ${ends} This cannot be undone.`), block_id: 'ends' },
    ...stays,
    nameInput('Type the name of the application to delete it', 'Exactly as above, upper and lower case too.'),
  ]);
}

const registrations = (count: number, total: number): string =>
  `${atLeast(count, total)} ${count === 1 ? 'registration' : 'registrations'}`;

const left = (revoked: number, total: number): string =>
  `${capitalize(registrations(revoked, total))} that an approver has revoked ${revoked === 1 ? 'stays' : 'stay'} as ${revoked === 1 ? 'it is' : 'they are'}: only an approver ends that.`;
