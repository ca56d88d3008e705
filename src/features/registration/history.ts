/** Handles History on the card: shows approvers of the service and admins every event of a registration. */
import type { App, BlockButtonAction } from '@slack/bolt';
import type { Deps } from '../../deps.ts';
import { type ModalOrReason, messageOf } from '../../slack/respond.ts';
import { readButton } from '../../views/button-value.ts';
import { failed } from '../../views/fallbacks.ts';
import { historyButton, historyPages, historyUnavailable } from '../../views/registration/history-modal.ts';
import { loadHistoryPage, openHistory } from '../shared/registration-history.ts';

export function showHistory(app: App, deps: Deps): void {
  const { log } = deps;
  app.action<BlockButtonAction>(historyButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openHistory(deps, { client, body, respond }, body.user.id, readButton(action.value), messageOf(body));
  });

  for (const actionId of historyPages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const loaded = loadHistoryPage(deps, body.user.id, readButton(action.value), 'seen');
      const page = await loaded.catch((error): ModalOrReason => {
        log.error({ err: error }, 'the history of a registration could not be read, the modal shows it');
        return { why: failed };
      });
      const view = 'view' in page ? page.view : historyUnavailable(page.why);
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }
}
