/** Handles History in the menu of a service: shows admins every change of it and every event of its registrations. */
import type { App, BlockButtonAction } from '@slack/bolt';
import * as services from '../../db/service/services.ts';
import * as timeline from '../../db/service/timeline.ts';
import type { Deps } from '../../deps.ts';
import type { ServiceRefusal } from '../../domain/service.ts';
import { type Interaction, openModalWhenLoaded } from '../../slack/respond.ts';
import { failed } from '../../views/fallbacks.ts';
import { historyUnavailable, loadingHistory } from '../../views/registration/history-modal.ts';
import { serviceRefusalText } from '../../views/service/form.ts';
import { maxEvents, readHistoryPage, serviceHistoryModal, servicePages } from '../../views/service/history-modal.ts';
import { hideChannels } from '../shared/hide-channels.ts';

type Authorize = (person: string) => Promise<ServiceRefusal | null>;

/** Registers the listeners of the modal's buttons, and returns the function that opens the modal. */
export function showServiceHistory(app: App, { db, directory, log }: Deps, authorize: Authorize) {
  for (const actionId of servicePages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const { publicId, before = null } = readHistoryPage(action.value) ?? {};
      const { view } = await loadPage(publicId, before, body.user.id);
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }

  return async (interaction: Interaction, publicId: string, person: string): Promise<void> => {
    await openModalWhenLoaded(interaction, loadPage(publicId, null, person), log, {
      loading: loadingHistory,
      unavailable: historyUnavailable,
    });
  };

  /** Loads a page of events. Authorizes the user again for each page: the modal may have been open for hours. */
  async function loadPage(publicId: string | undefined, before: timeline.Cursor | null, person: string) {
    try {
      const refused = await authorize(person);
      if (refused)
        return { view: historyUnavailable(await hideChannels(serviceRefusalText(refused), person, { directory })) };
      const service = publicId === undefined ? undefined : await services.resolve(db, publicId);
      if (!service) return { view: historyUnavailable(serviceRefusalText({ kind: 'gone' })) };
      const found = await timeline.listPage(db, service.id, before, maxEvents + 1);
      const view = serviceHistoryModal({
        publicId: service.publicId,
        service: service.name,
        events: found.slice(0, maxEvents),
        newest: before === null,
        older: found.length > maxEvents,
      });
      return { view: await hideChannels(view, person, { directory }) };
    } catch (error) {
      log.error({ err: error, service: publicId }, 'the history of a service could not be read, the modal shows it');
      return { view: historyUnavailable(failed) };
    }
  }
}
