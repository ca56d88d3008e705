/** "History", in the menu of a service: admins read everything that happened to it and to its registrations. */
import type { App, BlockButtonAction } from '@slack/bolt';
import { within } from '../../async/timeout.ts';
import * as services from '../../db/service/services.ts';
import * as serviceHistory from '../../db/service/timeline.ts';
import type { Deps } from '../../deps.ts';
import type { ServiceRefusal } from '../../domain/service.ts';
import { type Acted, openModal } from '../../slack/respond.ts';
import { broken } from '../../views/fallbacks.ts';
import { reading, unread } from '../../views/registration/history-modal.ts';
import { serviceRefusal } from '../../views/service/form.ts';
import { eventsAtMost, serviceHistoryModal, servicePages, turnedTo } from '../../views/service/history-modal.ts';

/** The record is read before the modal opens, but not for longer than this, in milliseconds; then it follows. */
const lookUpFor = 1_000;

type MayRead = (person: string) => Promise<ServiceRefusal | null>;

/** Listens to the modal's buttons, and returns what opens it. */
export function readServiceHistory(app: App, { db, log }: Deps, mayRead: MayRead) {
  for (const actionId of servicePages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const { id, before } = turnedTo(action.value) ?? { id: 0, before: null };
      const view = await read(id, before, body.user.id);
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }

  return async (acted: Acted, id: number, person: string): Promise<void> => {
    const view = read(id, null, person);
    const inTime = await within(lookUpFor, view, undefined);
    const opened = await openModal(acted, inTime ?? reading, log);
    if (!inTime && opened) await acted.client.views.update({ view_id: opened, view: await view });
  };

  /** Who may read is asked anew for each page. */
  async function read(id: number, before: serviceHistory.Mark | null, person: string) {
    try {
      const refused = await mayRead(person);
      if (refused) return unread(serviceRefusal(refused));
      const service = await services.find(db, id);
      if (!service) return unread(serviceRefusal({ kind: 'gone' }));
      const found = await serviceHistory.page(db, id, before, eventsAtMost + 1);
      return serviceHistoryModal({
        id,
        service: service.name,
        events: found.slice(0, eventsAtMost),
        newest: before === null,
        older: found.length > eventsAtMost,
      });
    } catch (error) {
      log.error({ err: error }, 'the history of a service could not be read');
      return unread(broken);
    }
  }
}
