/** Refusals about applications, as sentences that say what to do next. */
import { type ApplicationRefusal, applicationNameLimit, maxOwners, normalizeName } from '../../domain/application.ts';
import { truncate } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import { messageModal, section } from '../blocks.ts';
import { mixedScriptText, nameTakenText, tooLongText, tooManyApplicationsText } from '../name-errors.ts';
import { refusalText } from '../registration/refusals.ts';

/** Says why a change is refused, in plain text for under a field or in a modal. */
export function applicationRefusalText(refused: ApplicationRefusal): string {
  switch (refused.kind) {
    case 'gone':
      return 'This application was deleted. Nothing was changed.';
    case 'unknown':
      return refusalText({ kind: 'gone' });
    case 'not-an-owner':
      return 'Only an owner of the application can do this. Nothing was changed.';
    case 'stale':
      return 'This application has changed since you opened this form. Nothing was changed. Open it again from Home.';
    case 'name-taken':
      return nameTakenText(refused);
    case 'too-many-applications':
      return tooManyApplicationsText(refused);
    case 'wrong-name':
      return `This is not its name. Type “${truncate(refused.name, 100)}” to delete it.`;
    case 'only-owner':
      return 'You’re its only owner. Hand it over instead, or delete it.';
    case 'too-many-owners':
      return `An application has ${maxOwners} owners at most. Choose fewer.`;
    case 'cannot-own':
      return cannotOwn[refused.why];
    case 'not-an-admin':
      return `Only ${describeApprovers(refused.askInstead)} can hand this application over. Nothing was changed.`;
    case 'owned':
      return 'This application has an owner again. Nothing was changed.';
    case 'external':
    case 'deactivated':
    case 'unsure':
      return refusalText(refused);
  }
}

const cannotOwn = {
  app: 'An app can’t own an application. Choose people.',
  deactivated: 'One of these accounts was deactivated in Slack. Choose people who are still there.',
  external:
    'Guests and people from other workspaces can’t own an application here. Choose full members of this workspace.',
  unsure: 'Slack didn’t say who this is. Try again in a minute, or choose someone else.',
} as const;

/** The fields in which a refusal can be fixed; one that is not here ends the form. */
const fields: Partial<Record<ApplicationRefusal['kind'], 'name' | 'people'>> = {
  'name-taken': 'name',
  'too-many-applications': 'name',
  'wrong-name': 'name',
  'too-many-owners': 'people',
  'cannot-own': 'people',
};

/**
 * Responds to a refused form: with an error on the field that can fix it; where there is none, with a modal in its
 * place.
 */
export function applicationFormErrors({ title }: { title: { text: string } }, refused: ApplicationRefusal) {
  const field = fields[refused.kind];
  const text = applicationRefusalText(refused);
  if (field) return { errors: { [field]: text } };
  return { view: messageModal(title.text, [{ ...section(`:no_entry_sign: ${text}`), block_id: 'refused' }]) };
}

/** Checks a name as it was typed, and returns what is wrong with it; undefined if nothing is. */
export const applicationNameError = (typed: string): string | undefined =>
  normalizeName(typed) === ''
    ? applicationFieldErrors.name
    : (tooLongText(typed) ?? mixedScriptText(normalizeName(typed)));

/** What each field needs. */
export const applicationFieldErrors = {
  name: `Type a name of up to ${applicationNameLimit} characters.`,
  people: `Choose up to ${maxOwners - 1} people.`,
  person: 'Choose one person.',
} as const;
