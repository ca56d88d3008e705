import type { Attempt } from '../../../db/outbox/types.ts';
import * as reminders from '../../../db/scheduling/reminders.ts';
import type { Deps } from '../../../deps.ts';
import type { Effect } from '../../../domain/effects.ts';
import { postOnce } from '../../../slack/messages.ts';
import { lastReminders, maxListed } from '../../../views/channel/reminder.ts';
import { isSeenFrom } from '../../shared/card-readers.ts';
import { withNames } from '../../shared/reminder-rows.ts';

type Stopped = Extract<Effect, { kind: 'stopped' }>;

export function deliverLastReminder({ db, poster, directory, now }: Deps) {
  return async ({ channel, tick }: Stopped, attempt: Attempt): Promise<void> => {
    const { rows, total } = await reminders.listStopped(db, new Date(tick), maxListed);
    if (rows.length === 0) return;
    const marker = { event_type: 'registrar_last_reminders', event_payload: { tick } };
    await postOnce({ db, poster, attempt }, { to: channel, marker, since: new Date(tick) }, async () => {
      const waiting = (await withNames(rows, (place) => isSeenFrom(channel, place, { directory }), { directory })).map(
        ({ registration, service, ...one }) => ({
          ...registration,
          ...one,
          service: service.name,
        }),
      );
      return lastReminders(waiting, total, now());
    });
  };
}
