/** A channel's reminder: what still waits of the requests that a tick claimed. */
import type { Attempt } from '../../db/outbox.ts';
import * as reminders from '../../db/reminders.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/registration.ts';
import { findPosted, linkTo, type Mark, post } from '../../posting.ts';
import { listed, reminder } from '../../views/reminder.ts';

type Reminder = Extract<Effect, { kind: 'reminder' }>;

/** Where all of it was decided since the tick, nothing is said. */
export function deliverReminder({ db, poster, now }: Deps) {
  return async ({ channel, tick, registrations }: Reminder, attempt: Attempt): Promise<void> => {
    const waiting = await reminders.waiting(db, registrations);
    if (waiting.length === 0) return;
    const mark: Mark = { event_type: 'registrar_reminder', event_payload: { tick } };
    if (!attempt.first && (await findPosted(poster, channel, mark, new Date(tick)))) return;
    const rows = listed(waiting).map(async (one) => ({
      ...one,
      link: one.channel && one.ts ? await linkTo(poster, one.channel, one.ts) : undefined,
    }));
    await post({ db, poster, attempt }, channel, reminder(await Promise.all(rows), waiting.length, now()), mark);
  };
}
