/** Handles History on the card: shows approvers of the service and admins every event of a registration. */
import type { App, BlockButtonAction } from '@slack/bolt';
import * as history from '../../db/audit-log/append.ts';
import * as registrations from '../../db/registration/registrations.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, checkReading, membershipsToCheck } from '../../domain/authorization.ts';
import type { MessageLocation, NumberedReference, Reference } from '../../domain/reference.ts';
import { type ModalOrReason, messageOf, openModalWhenLoaded } from '../../slack/respond.ts';
import { readButton } from '../../views/button-value.ts';
import { failed } from '../../views/fallbacks.ts';
import {
  historyButton,
  historyModal,
  historyPages,
  historyUnavailable,
  loadingHistory,
  pageSize,
} from '../../views/registration/history-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

export function showHistory(app: App, { config, db, directory, log }: Deps): void {
  app.action<BlockButtonAction>(historyButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const page = loadPage(readButton(action.value), body.user.id, 'latest', messageOf(body));
    await openModalWhenLoaded({ client, body, respond }, page, log, {
      loading: loadingHistory,
      unavailable: historyUnavailable,
    });
  });

  for (const actionId of historyPages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const page = await loadPage(readButton(action.value), body.user.id, 'seen').catch((error): ModalOrReason => {
        log.error({ err: error }, 'the history of a registration could not be read, the modal says so');
        return { why: failed };
      });
      const view = 'view' in page ? page.view : historyUnavailable(page.why);
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }

  /**
   * Loads a page of events, from the latest version or the one that the button names. Authorizes the user again for each
   * page: the modal may have been open for hours.
   */
  async function loadPage(
    button: Reference | NumberedReference | undefined,
    person: string,
    from: 'latest' | 'seen',
    message?: MessageLocation,
  ): Promise<ModalOrReason> {
    const row = await registrations.resolve(db, button, message);
    if (!button || !row) return { why: refusalText({ kind: 'gone' }) };
    const approvers = allowedApprovers(row.service, config.policy);
    const toCheck = [approvers, admins(config.policy)].flatMap((some) => membershipsToCheck(some, person));
    const memberships = await directory.memberships(person, toCheck);
    const refused = checkReading(person, approvers, memberships, config.policy);
    if (refused) return { why: refusalText(refused) };
    const { id, publicId, version: latest } = row.registration;
    const newest = from === 'latest' ? latest : Math.min(button.seen, latest);
    const entries = await history.listEvents(db, id, newest, pageSize);
    const { application, service } = row;
    return { view: historyModal({ publicId, from: newest, latest, service: service.name, application, entries }) };
  }
}
