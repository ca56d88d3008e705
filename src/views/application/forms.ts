/** The forms that create, rename, leave and delete an application. */
import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { type Application, applicationNameLimit } from '../../domain/application.ts';
import { atLeast } from '../../domain/pagination.ts';
import { capitalize } from '../../domain/text.ts';
import { context, fields, input, plain, section, textElement } from '../blocks.ts';
import { buttonValue } from '../button-value.ts';
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

const nameInput = (label: string, hint: string, before = ''): InputBlock =>
  input(
    'name',
    label,
    {
      type: 'plain_text_input',
      action_id: 'name',
      max_length: applicationNameLimit,
      ...(before ? { initial_value: before } : {}),
    },
    hint,
  );

export const newApplicationModal = (): ModalView =>
  applicationForm(newApplicationFormId, '', 'New application', 'Create', [
    nameInput('Name', 'You’ll own it. You can add co-owners later, in its menu.'),
  ]);

export const renameModal = (application: Application): ModalView =>
  applicationForm(applicationFormIds.rename, encodeApplication(application), 'Rename application', 'Rename', [
    nameInput('Name', 'Cards and lists follow. It keeps what it is registered for.', application.name),
  ]);

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
