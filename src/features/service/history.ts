/** "History", in the menu of a service: admins read everything that happened to it and to its registrations. */
import type { App, BlockButtonAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as services from '../../db/service/services.ts';
import * as serviceHistory from '../../db/service/timeline.ts';
import type { Deps } from '../../deps.ts';
import type { ServiceRefusal } from '../../domain/service.ts';
import { type Interaction, openModal } from '../../slack/respond.ts';
import { failed } from '../../views/fallbacks.ts';
import { historyUnavailable, loadingHistory } from '../../views/registration/history-modal.ts';
import { serviceRefusalText } from '../../views/service/form.ts';
import { maxEvents, readHistoryPage, serviceHistoryModal, servicePages } from '../../views/service/history-modal.ts';

/** The record is read before the modal opens, but not for longer than this, in milliseconds; then it follows. */
const lookUpFor = 1_000;

type MayRead = (person: string) => Promise<ServiceRefusal | null>;

/** Listens to the modal's buttons, and returns what opens it. */
export function showServiceHistory(app: App, { db, log }: Deps, mayRead: MayRead) {
  for (const actionId of servicePages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const { id, before } = readHistoryPage(action.value) ?? { id: 0, before: null };
      const view = await read(id, before, body.user.id);
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }

  return async (acted: Interaction, id: number, person: string): Promise<void> => {
    const view = read(id, null, person);
    const inTime = await withTimeout(lookUpFor, view, undefined);
    const opened = await openModal(acted, inTime ?? loadingHistory, log);
    if (!inTime && opened) await acted.client.views.update({ view_id: opened, view: await view });
  };

  /** Who may read is asked anew for each page. */
  async function read(id: number, before: serviceHistory.Cursor | null, person: string) {
    try {
      const refused = await mayRead(person);
      if (refused) return historyUnavailable(serviceRefusalText(refused));
      const service = await services.find(db, id);
      if (!service) return historyUnavailable(serviceRefusalText({ kind: 'gone' }));
      const found = await serviceHistory.listPage(db, id, before, maxEvents + 1);
      return serviceHistoryModal({
        id,
        service: service.name,
        events: found.slice(0, maxEvents),
        newest: before === null,
        older: found.length > maxEvents,
      });
    } catch (error) {
      log.error({ err: error }, 'the history of a service could not be read');
      return historyUnavailable(failed);
    }
  }
}
