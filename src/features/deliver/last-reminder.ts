import type { Attempt } from '../../db/outbox/types.ts';
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { findPosted, type MessageMarker, post } from '../../slack/messages.ts';
import { lastReminders, maxListed } from '../../views/channel/reminder.ts';
import { withNames } from '../shared/reminder-rows.ts';

type Stopped = Extract<Effect, { kind: 'stopped' }>;

export function deliverLastReminder({ db, poster, directory, now }: Deps) {
  return async ({ channel, tick }: Stopped, attempt: Attempt): Promise<void> => {
    const { rows, total } = await reminders.listStopped(db, new Date(tick), maxListed);
    if (rows.length === 0) return;
    const mark: MessageMarker = { event_type: 'registrar_last_reminders', event_payload: { tick } };
    if (!attempt.first && (await findPosted(poster, channel, mark, new Date(tick)))) return;
    const waiting = (await withNames(rows, { directory })).map(({ registration, service, ...one }) => ({
      ...registration,
      ...one,
      service: service.name,
    }));
    await post({ db, poster, attempt }, channel, lastReminders(waiting, total, now()), mark);
  };
}
