/** The history of a registration: opened from its card, and read a page at a time. */
import * as history from '../../db/audit-log/append.ts';
import * as registrations from '../../db/registration/registrations.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, checkReading, membershipsToCheck } from '../../domain/authorization.ts';
import type { MessageLocation, NumberedReference, Reference } from '../../domain/reference.ts';
import { type Interaction, type ModalOrReason, openModalWhenLoaded } from '../../slack/respond.ts';
import { historyModal, historyUnavailable, loadingHistory, pageSize } from '../../views/registration/history-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import { hideChannels } from './hide-channels.ts';

type Context = Pick<Deps, 'config' | 'db' | 'directory' | 'log'>;
type Button = Reference | NumberedReference | undefined;

/** Opens the newest page, for a click on the card. */
export async function openHistory(
  context: Context,
  interaction: Interaction,
  person: string,
  button: Button,
  message: MessageLocation | undefined,
): Promise<void> {
  const page = loadHistoryPage(context, person, button, 'latest', message);
  await openModalWhenLoaded(interaction, page, context.log, {
    loading: loadingHistory,
    unavailable: historyUnavailable,
  });
}

/**
 * Loads a page of events, from the latest version or the one that the button names. Authorizes the user again for each
 * page: the modal may have been open for hours.
 */
export async function loadHistoryPage(
  { config, db, directory }: Context,
  person: string,
  button: Button,
  from: 'latest' | 'seen',
  message?: MessageLocation,
): Promise<ModalOrReason> {
  const row = await registrations.resolve(db, button, message);
  if (!button || !row) return { why: refusalText({ kind: 'gone' }) };
  const approvers = allowedApprovers(row.service, config.policy);
  const toCheck = [approvers, admins(config.policy)].flatMap((some) => membershipsToCheck(some, person));
  const memberships = await directory.memberships(person, toCheck);
  const refused = checkReading(person, approvers, memberships, config.policy);
  if (refused) return { why: await hideChannels(refusalText(refused), person, { directory }) };
  const { id, publicId, version: latest } = row.registration;
  const newest = from === 'latest' ? latest : Math.min(button.seen, latest);
  const entries = await history.listEvents(db, id, newest, pageSize);
  const { application, service } = row;
  return { view: historyModal({ publicId, from: newest, latest, service: service.name, application, entries }) };
}
