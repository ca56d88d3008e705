/** The form "Register an application": rendered, parsed, and its errors. */

import type { KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import { z } from 'zod';
import { applicationNameLimit, normalizeName } from '../../domain/application.ts';
import type { Status } from '../../domain/registration.ts';
import { maxServicesPerForm, type RequestRefusal } from '../../domain/request.ts';
import type { ServiceState } from '../../domain/service.ts';
import { excerpt, toStorable, truncate, truncateEscaped } from '../../domain/text.ts';
import {
  context,
  dateTime,
  inlineText,
  input,
  mention,
  oneLine,
  option,
  optionTextLimit,
  picker,
  plain,
  plainDate,
  quote,
  reasonError,
  reasonInput,
  reasonText,
  section,
} from '../blocks.ts';
import { buttonValue, publicId } from '../button-value.ts';
import { mixedScriptText, nameTakenText, tooManyApplicationsText } from '../name-errors.ts';
import { closedText } from '../service/state.ts';
import { refusalText } from './refusals.ts';
import { statusEmoji } from './timeline.ts';

export const registerModalId = 'register';
export const servicesPicker = 'register-services';
export const applicationPicker = 'register-application';

export const registerTitle = 'Register an application';

type OfferedService = {
  publicId: string;
  slug: string;
  name: string;
  description: string;
  registrationEnabled: boolean;
};

/**
 * What the form is filled in with: a service, or the name of an unknown one; and, for asking again, the earlier
 * request.
 */
export type FormPrefill = {
  preselected?: OfferedService;
  unknown?: string;
  application?: { publicId: string; name: string } | undefined;
  reason?: string;
  rejection?: Rejection | undefined;
};

/** The rejected registration that is asked for again, and who rejected it and why. */
type Rejection = {
  publicId: string;
  version: number;
  changedBy: string | null;
  changedAt: Date;
  changeReason: string | null;
};

export function registerModal({ preselected, unknown, application, reason, rejection }: FormPrefill = {}): ModalView {
  return {
    type: 'modal',
    callback_id: registerModalId,
    title: plain(registerTitle, 24),
    submit: plain('Request access', 24),
    close: plain('Cancel', 24),
    ...(rejection ? { private_metadata: buttonValue(rejection) } : {}),
    blocks: [
      ...(rejection ? rejectionBlocks(rejection) : []),
      ...(unknown
        ? [{ type: 'context' as const, block_id: 'unknown', elements: [plain(unknownService(unknown))] }]
        : []),
      input('services', 'Services', {
        ...picker(servicesPicker, 'Search by name'),
        type: 'multi_external_select',
        max_selected_items: maxServicesPerForm,
        ...(preselected ? { initial_options: serviceOptions([preselected]) } : {}),
      }),
      input(
        'application',
        'Application',
        {
          ...picker(applicationPicker, 'Choose one, or type a new name'),
          ...(application ? { initial_option: ownedOption(application) } : {}),
        },
        'Type any other name to create an application.',
      ),
      reasonInput('The approvers read this. Say what you’ll use it for.', { written: reason }),
    ],
  };
}

const rejectionBlocks = ({ changedBy: by, changedAt, changeReason }: Rejection): KnownBlock[] => [
  {
    ...section(`${statusEmoji.rejected} *Rejected${by ? ` by ${mention(by)}` : ''}* ${dateTime(changedAt)}`),
    block_id: 'rejected',
  },
  ...(changeReason ? [quote('why', changeReason)] : []),
  { ...context('This request replaces the rejected one.'), block_id: 'replaces' },
];

/** Says why there is nothing to ask again: it was done before. */
export const alreadyAskedText = (asked: {
  service: string;
  application: string;
  status: Status;
  since: Date;
}): string =>
  `${inlineText(asked.service)} for ${inlineText(asked.application)} is already ${asked.status}, since ${dateTime(asked.since)}. Nothing was changed.`;

/** Why a request cannot be asked again: the reader does not own its application, that is gone, or the service takes none. */
type AskAgainRefusal =
  | { kind: 'not-an-owner' | 'application-deleted' }
  | { kind: 'closed'; service: string; state: ServiceState };

export function askAgainRefusal(refused: AskAgainRefusal): string {
  switch (refused.kind) {
    case 'not-an-owner':
      return 'Only an owner of the application can ask again. Nothing was changed.';
    case 'application-deleted':
      return 'The application was deleted by its owners. `/register` requests the service for another one.';
    case 'closed':
      return `You can’t ask for ${inlineText(refused.service)} again just now.${closedText(refused.state)} An admin can change that.`;
  }
}

const unknownService = (typed: string): string =>
  `There is no service called “${truncate(typed, 75)}”. Search for one below.`;

/**
 * Builds the options of services, described, and marked where registration is disabled. Of a description that was found by
 * what was typed, the part is shown that it was found by; the slug tells apart what would read the same.
 */
export function serviceOptions(services: OfferedService[], typed = ''): PlainTextOption[] {
  const named = services.map((service) => ({ ...service, shown: shownName(service) }));
  const alike = Map.groupBy(named, ({ shown }) => shown.toLowerCase());
  return named.map(({ publicId, slug, name, description, shown }) => {
    const words = typed.split(/\s+/).filter((word) => !includes(name, word) && !includes(slug, word));
    const about = excerpt(oneLine(description), words, optionTextLimit);
    const told = [...((alike.get(shown.toLowerCase()) ?? []).length > 1 ? [slug] : []), ...(about ? [about] : [])];
    return option(shown, publicId, told.join(' · '));
  });
}

function shownName({ name, registrationEnabled }: OfferedService): string {
  const disabled = registrationEnabled ? '' : ' (registration disabled)';
  return `${truncateEscaped(oneLine(name), optionTextLimit - disabled.length)}${disabled}`;
}

const includes = (text: string, word: string): boolean => text.toLowerCase().includes(word.toLowerCase());

/** Builds the option that creates an application. */
export const createOption = (name: string): PlainTextOption => option(`Create "${name}"`, `new:${name}`);

/** Why no application can be created under a name. Choosing such an option is an error on the field. */
export const tooLongOption = option(`Too long: a name has at most ${applicationNameLimit} characters`, 'too-long');

/** Builds the option of a taken name. `owners` are the names of the owners of the application that has it. */
export const takenOption = (name: string, owners: string[]): PlainTextOption =>
  option(
    `“${name}” is taken`,
    `new:${name}`,
    owners.length === 0 ? 'Type another name.' : `${truncate(owners.join(', '), 35)} can make you a co-owner.`,
  );

export const mixedScriptOption = (name: string): PlainTextOption =>
  option(`“${name}” mixes alphabets`, `new:${name}`, 'It could pass for another name: type each word in one alphabet.');

export const ownedOption = ({ publicId, name }: { publicId: string; name: string }): PlainTextOption =>
  option(name, `id:${publicId}`);

/** The option of a picker whose look-up failed: choosing it is an error on the field. */
export const unavailableOption = option(
  'Registrar can’t look this up just now. Type again in a moment.',
  'unavailable',
);

const ofMine = z
  .string()
  .startsWith('id:')
  .transform((text) => ({ publicId: text.slice('id:'.length) }))
  .pipe(z.object({ publicId }));

const toCreate = z
  .string()
  .startsWith('new:')
  .transform((text) => ({ name: normalizeName(toStorable(text.slice('new:'.length))) }))
  .refine(({ name }) => name !== '');

const values = z.object({
  services: z.object({
    [servicesPicker]: z.object({
      selected_options: z
        .array(z.object({ value: publicId }))
        .min(1)
        .max(maxServicesPerForm),
    }),
  }),
  application: z.object({
    [applicationPicker]: z.object({ selected_option: z.object({ value: z.union([ofMine, toCreate]) }) }),
  }),
  reason: z.object({ reason: z.object({ value: reasonText }) }),
});

/** What each field needs. */
const needed = {
  services: `Choose 1 to ${maxServicesPerForm} services from the list.`,
  application: `Choose one of your applications, or type a name of up to ${applicationNameLimit} characters to create one.`,
  reason: reasonError,
} as const;

export type RegisterForm = { services: string[]; application: { publicId: string } | { name: string }; reason: string };
export type FieldErrors = Record<string, string>;

/** Parses the submitted form, or returns what each wrong field needs. */
export function readRegisterForm(
  submitted: unknown,
): { ok: true; form: RegisterForm } | { ok: false; errors: FieldErrors } {
  const parsed = values.safeParse(submitted);
  if (!parsed.success) {
    const wrong = new Set(parsed.error.issues.map(({ path }) => path[0]));
    return { ok: false, errors: Object.fromEntries(Object.entries(needed).filter(([field]) => wrong.has(field))) };
  }
  const { services, application, reason } = parsed.data;
  const chosen = application[applicationPicker].selected_option.value;
  const mixed = 'name' in chosen ? mixedScriptText(chosen.name) : undefined;
  if (mixed) return { ok: false, errors: { application: mixed } };
  const ids = services[servicesPicker].selected_options.map(({ value }) => value);
  return {
    ok: true,
    form: {
      services: [...new Set(ids)],
      application: chosen,
      reason: reason.reason.value,
    },
  };
}

/** Says why a request is refused, on the field that it concerns. */
export function requestErrors(refusal: RequestRefusal, timeZone: string): FieldErrors {
  return { [refusal.field]: truncate(sentence(refusal, timeZone), 2000) };
}

function sentence(refusal: RequestRefusal, timeZone: string): string {
  switch (refusal.kind) {
    case 'may-not-ask':
      return refusalText(refusal.why);
    case 'unknown-service':
      return 'One of these services is no longer in the catalog. Remove it and choose again.';
    case 'disabled':
      return `Application registration is not enabled for this Service. ${refusal.services.join(', ')}: please contact an admin.`;
    case 'existing':
      return refusal.existing
        .map(({ service, status, since }) => {
          const registered = `${service} is already ${status} for this application, since ${plainDate(since, timeZone)}.`;
          return `${registered}${firstStep[status] ?? ''}`;
        })
        .join(' ');
    case 'too-many':
      return `You have ${refusal.pending} pending ${refusal.pending === 1 ? 'request' : 'requests'}, and can have ${refusal.limit} at a time. Wait for a decision, or withdraw one with /unregister.`;
    case 'too-fast':
      return `You can request ${refusal.limit} services in an hour. ${refusal.until ? `Try again after ${plainDate(refusal.until, timeZone)}, or choose fewer.` : 'Choose fewer.'}`;
    case 'unreachable':
      return `${refusal.services.join(', ')}: you can’t request this just now, because Registrar can’t post to its approval channel. The admins know why: ask one of them.`;
    case 'not-yours':
      return 'You don’t own this application. Choose one of yours, or type a name to create one.';
    case 'too-many-applications':
      return tooManyApplicationsText(refusal);
    case 'name-taken':
      return nameTakenText(refusal);
  }
}

/** What has to happen before the service can be requested again. */
const firstStep: Partial<Record<Status, string>> = {
  rejected: ' Press “Ask again” in the message that told you, or in Home.',
  revoked: ' An approver has to reinstate or delete it first.',
};
