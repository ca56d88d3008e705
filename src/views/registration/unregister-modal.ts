/** The form "Unregister application": rendered, parsed, and its errors. */

import type { ModalView, PlainTextOption } from '@slack/types';
import { z } from 'zod';
import type { Reference } from '../../domain/reference.ts';
import type { Refusal, Status } from '../../domain/registration.ts';
import { escapedLength, truncateEscaped } from '../../domain/text.ts';
import {
  fields,
  input,
  messageModal,
  option,
  optionTextLimit,
  picker,
  plain,
  plainDate,
  section,
  textElement,
} from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';
import { refusalText } from './refusals.ts';
import { statusEmoji } from './timeline.ts';

export const unregisterModalId = 'unregister';
export const registrationPicker = 'unregister-registration';

/** Slack's titles have at most 24 characters. */
const title = 'Unregister application';

export const nothingToUnregister = 'You have nothing to unregister. `/register` requests access to a service.';

export const unregisterModal = (): ModalView => ({
  type: 'modal',
  callback_id: unregisterModalId,
  title: plain(title, 24),
  submit: plain('Unregister', 24),
  close: plain('Cancel', 24),
  blocks: [
    input(
      'registration',
      'Registration',
      picker(registrationPicker, 'Choose a registration'),
      'An approved application loses access. A pending request is withdrawn. You can ask again later.',
    ),
  ],
});

type OfferedRegistration = { publicId: string; version: number; service: string; application: string; status: Status };

/** Builds the option `Service — Application (status)`; the names are truncated before the status. */
export function registrationOption({
  publicId,
  version,
  service,
  application,
  status,
}: OfferedRegistration): PlainTextOption {
  const end = ` (${status})`;
  const room = optionTextLimit - end.length - ' — '.length;
  const shownApplication = truncateEscaped(application, Math.max(room - escapedLength(service), Math.floor(room / 2)));
  const shownService = truncateEscaped(service, room - escapedLength(shownApplication));
  return option(`${shownService} — ${shownApplication}${end}`, buttonValue({ publicId, version }));
}

const values = z.object({
  registration: z.object({
    [registrationPicker]: z.object({ selected_option: z.object({ value: z.string() }) }),
  }),
});

/** Parses the chosen registration; undefined for none or a forged value. */
export function readChoice(submitted: unknown): Reference | undefined {
  return readReference(values.safeParse(submitted).data?.registration[registrationPicker].selected_option.value);
}

export const choiceError = { registration: 'Choose one of your registrations from the list.' };

/** Says why nothing was unregistered, on the field. */
export function unregisterErrors(refusal: Refusal, timeZone: string): { registration: string } {
  switch (refusal.kind) {
    case 'stale':
    case 'already': {
      const { status, at } = refusal.last;
      const now = status === 'pending' ? 'its reason was edited on' : `it was ${status} on`;
      const again =
        refusal.kind === 'stale' ? ' Choose it again to unregister it.' : ' There is nothing left to unregister.';
      return {
        registration: `This registration has changed: ${now} ${plainDate(at, timeZone)}.${again}`,
      };
    }
    case 'already-unregistered':
    case 'deactivated':
    case 'unsure':
      return { registration: refusalText(refusal) };
    default:
      return { registration: 'You can’t unregister this, or it no longer exists. Choose another.' };
  }
}

/** Replaces the form when it is done. */
export const unregisteredModal = (service: string, application: string, from?: Status): ModalView =>
  messageModal(title, [
    {
      ...section(from === 'pending' ? `${statusEmoji.unregistered} *Withdrawn.*` : ':wastebasket: *Unregistered.*'),
      block_id: 'headline',
    },
    fields('unregistered', [
      { label: 'Service', value: [textElement(service, 150)] },
      { label: 'Application', value: [textElement(application)] },
    ]),
  ]);
