/** The forms that change who owns an application. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { type Application, maxOwners } from '../../domain/application.ts';
import { input, plain } from '../blocks.ts';
import { applicationForm, applicationNameBlock, encodeApplication } from './forms.ts';
import { applicationFormIds, slackUserId } from './menu.ts';

/**
 * Builds the form for the owners next to `person`, who asks. They cannot remove themselves here, so an owner always
 * stays.
 */
export function ownersModal(application: Application, person: string): ModalView {
  const others = application.owners.filter((id) => id !== person);
  return applicationForm(applicationFormIds.owners, encodeApplication(application), 'Co-owners', 'Save', [
    applicationNameBlock(application.name),
    {
      ...input(
        'people',
        'Co-owners',
        {
          type: 'multi_users_select',
          action_id: 'people',
          max_selected_items: maxOwners - 1,
          placeholder: plain('Only you', 150),
          ...(others.length > 0 ? { initial_users: others } : {}),
        },
        'They can do everything that you can: register, unregister, rename, delete. They get a message.',
      ),
      optional: true,
    },
  ]);
}

export const handOverModal = (application: Application): ModalView =>
  applicationForm(
    applicationFormIds['hand-over'],
    encodeApplication(application),
    'Hand over application',
    'Hand over',
    [applicationNameBlock(application.name), newOwner('They will own it instead of you, and get a message.')],
  );

export const assignOwnerFormId = 'adopt-application';

/** Builds the form in which an admin assigns an owner to an ownerless application. */
export const assignOwnerModal = (application: Pick<Application, 'name' | 'publicId' | 'version'>): ModalView =>
  applicationForm(assignOwnerFormId, encodeApplication(application), 'Hand over application', 'Hand over', [
    applicationNameBlock(application.name),
    newOwner('They will be its only owner, and get a message.'),
  ]);

const newOwner = (hint: string) =>
  input('people', 'New owner', { type: 'users_select', action_id: 'person', placeholder: plain('Choose', 150) }, hint);

const several = z.object({ people: z.object({ people: z.object({ selected_users: z.array(slackUserId).max(100) }) }) });
const one = z.object({ people: z.object({ person: z.object({ selected_user: slackUserId }) }) });

/** Reads the chosen co-owners; undefined for a forged submission. */
export const readCoOwners = (submitted: unknown): string[] | undefined =>
  several.safeParse(submitted).data?.people.people.selected_users;

/** Reads the chosen owner; undefined if there is none. */
export const readNewOwner = (submitted: unknown): string | undefined =>
  one.safeParse(submitted).data?.people.person.selected_user;
