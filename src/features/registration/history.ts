/** "History", on the card: approvers of the service and admins read everything that happened to a registration. */
import type { App, BlockButtonAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as history from '../../db/audit-log/append.ts';
import * as registrations from '../../db/registration/registrations.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, checkReading, membershipsToCheck } from '../../domain/authorization.ts';
import type { Refusal } from '../../domain/registration.ts';
import { openModal, respondToAction } from '../../slack/respond.ts';
import { type ButtonValue, readButton } from '../../views/button-value.ts';
import { failed } from '../../views/fallbacks.ts';
import {
  historyId,
  historyModal,
  historyPages,
  historyUnavailable,
  loadingHistory,
  pageSize,
} from '../../views/registration/history-modal.ts';
import { refusalText } from '../../views/registration/refusals.ts';

/** The record is read before the modal opens, but not for longer than this, in milliseconds; then it follows. */
const lookUpFor = 1_000;

type View = typeof loadingHistory;
type Read = { ok: true; view: View } | { ok: false; refusal: Refusal };

export function showHistory(app: App, { config, db, directory, log }: Deps): void {
  app.action<BlockButtonAction>(historyId, async ({ ack, action, body, client, respond }) => {
    await ack();
    const work = read(readButton(action.value), body.user.id, 'latest');
    const inTime = await withTimeout(lookUpFor, work, undefined);
    if (inTime?.ok) await openModal({ client, body, respond }, inTime.view, log);
    else if (inTime) await respondToAction({ client, body, respond }, refusalText(inTime.refusal), log);
    else {
      const view = viewOf(work);
      const opened = await openModal({ client, body, respond }, loadingHistory, log);
      if (opened) await client.views.update({ view_id: opened, view: await view });
    }
  });

  for (const actionId of historyPages) {
    app.action<BlockButtonAction>(actionId, async ({ ack, action, body, client }) => {
      await ack();
      const view = await viewOf(read(readButton(action.value), body.user.id, 'as asked'));
      if (body.view) await client.views.update({ view_id: body.view.id, view });
    });
  }

  /** Who may read is asked anew for each page: the modal may have been open for hours. */
  async function read(wanted: ButtonValue | undefined, person: string, from: 'latest' | 'as asked'): Promise<Read> {
    const row = wanted && (await registrations.find(db, wanted.id));
    if (!row) return { ok: false, refusal: { kind: 'gone' } };
    const approvers = allowedApprovers(row.service, config.policy);
    const asked = [approvers, admins(config.policy)].flatMap((some) => membershipsToCheck(some, person));
    const memberships = await directory.memberships(person, asked);
    const refused = checkReading(person, approvers, memberships, config.policy);
    if (refused) return { ok: false, refusal: refused };
    const { id, version: latest } = row.registration;
    const newest = from === 'latest' ? latest : Math.min(wanted.seen, latest);
    const entries = await history.listEvents(db, id, newest, pageSize);
    const { application, service } = row;
    return { ok: true, view: historyModal({ id, from: newest, latest, service: service.name, application, entries }) };
  }

  async function viewOf(work: Promise<Read>): Promise<View> {
    try {
      const done = await work;
      return done.ok ? done.view : historyUnavailable(refusalText(done.refusal));
    } catch (error) {
      log.error({ err: error }, 'a history could not be read');
      return historyUnavailable(failed);
    }
  }
}
