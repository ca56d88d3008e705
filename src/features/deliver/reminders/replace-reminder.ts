/** Posts a reminder in place of the previous one, in a channel or to a person: there is never more than one of them. */
import * as direct from '../../../db/scheduling/direct-reminders.ts';
import * as messages from '../../../db/scheduling/reminder-messages.ts';
import type { MessageLocation } from '../../../domain/reference.ts';
import {
  deleteOrReplace,
  findPosted,
  isForgotten,
  type PostContext,
  type Posting,
  post,
  update,
} from '../../../slack/messages.ts';
import { replacedReminder } from '../../../views/channel/reminder.ts';
import type { Message } from '../../../views/message.ts';

/** What a reminder shows, and whom it reaches. */
export type NewReminder = { message: Message; reached: direct.Reached[] };

export type Reminder = {
  /** The channel, or the person. */
  to: string;
  tick: Date;
  /** Renders it as it is first posted; undefined where nothing is left of it. */
  renderNew: (tick: Date) => Promise<NewReminder | undefined>;
  /** Renders it as an update; undefined where it is to be removed. */
  renderUpdate: (tick: Date) => Promise<Message | undefined>;
};

const postingOf = (to: string, tick: Date): Posting => ({
  to,
  marker: { event_type: 'registrar_reminder', event_payload: { tick: tick.toISOString() } },
  since: tick,
});

/**
 * Posts the reminder of a tick, or updates it where something in it has changed since. Where nothing is left of it, it is
 * removed, or never comes. Once a later tick's has taken its place there is nothing to do.
 */
export async function replaceReminder(context: PostContext, { to, tick, ...render }: Reminder): Promise<void> {
  const { db, attempt } = context;
  const posted = await messages.find(db, to);
  if (posted && posted.tick > tick) return;
  const begun = posted?.tick.getTime() === tick.getTime();
  // Without a place it may be there all the same, of an attempt whose outcome is unknown.
  const place = posted && (placeOf(to, posted) ?? (await findPosted(context, postingOf(to, posted.tick))));
  if (begun && place) return refresh(tick, place, { adopted: posted.ts === null });
  const forgotten = isForgotten(attempt, tick) && !begun ? await findPosted(context, postingOf(to, tick)) : undefined;
  if (forgotten) {
    await attempt.write((fenced) => messages.start(fenced, to, tick, undefined));
    return refresh(tick, forgotten, { adopted: true });
  }
  if (!(await render.renderNew(tick))) {
    // What the one before it listed may have gone with this one.
    if (posted && place) await refresh(posted.tick, place, { adopted: false });
    return;
  }
  const former = await attempt.write((fenced) => messages.start(fenced, to, tick, place));
  if (former) {
    // Before the new one is posted: there is never more than one.
    await deleteOrReplace(context, former, replacedReminder);
    await attempt.write((fenced) => messages.previousDeleted(fenced, to));
  }
  // Slack has been asked whatever there is to ask: what was decided meanwhile is not in it.
  const made = await render.renderNew(tick);
  if (!made) return attempt.write((fenced) => messages.remove(fenced, to, tick));
  const posting = await post(context, postingOf(to, tick), made.message);
  await attempt.write(async (fenced) => {
    await messages.recordPosted(fenced, to, tick, posting);
    await direct.recordReached(fenced, made.reached);
  });

  /** Updates a posted reminder; removes it where nothing of it waits. */
  async function refresh(of: Date, at: MessageLocation, { adopted }: { adopted: boolean }) {
    const message = await render.renderUpdate(of);
    const reached = adopted ? (await render.renderNew(of))?.reached : undefined;
    if (message) await update(context, at, message);
    else await deleteOrReplace(context, at, replacedReminder);
    await attempt.write(async (fenced) => {
      if (message) await messages.recordPosted(fenced, to, of, at);
      else await messages.remove(fenced, to, of);
      await direct.recordReached(fenced, reached ?? []);
    });
  }
}

const placeOf = (to: string, { ts, postedIn }: messages.ReminderMessage) =>
  ts === null ? undefined : { channel: postedIn ?? to, ts };
