import type { Attempt } from '../../db/outbox/types.ts';
import * as messages from '../../db/scheduling/reminder-messages.ts';
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, checkAccount } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { expiryWarning, type Mentions, mentionsFor } from '../../domain/reminder.ts';
import { serviceState } from '../../domain/service.ts';
import {
  deleteOrReplace,
  findPosted,
  isForgotten,
  type PostContext,
  type Posting,
  post,
  update,
} from '../../slack/messages.ts';
import { maxListed, reminderMessage, replacedReminder } from '../../views/channel/reminder.ts';
import type { Message } from '../../views/message.ts';
import { type PendingRow, withNames } from '../shared/reminder-rows.ts';

type Reminder = Extract<Effect, { kind: 'reminder' }>;

const postingOf = (channel: string, tick: Date): Posting => ({
  to: channel,
  marker: { event_type: 'registrar_reminder', event_payload: { tick: tick.toISOString() } },
  since: tick,
});

export function deliverReminder({ config, db, poster, directory, schedule, now }: Deps) {
  /**
   * Posts the reminder of a tick, or updates it where something in it has changed since. Where nothing is left of it, it is
   * removed, or never comes. Once a later tick's has taken its place there is nothing to do.
   */
  return async ({ channel, tick: moment }: Reminder, attempt: Attempt): Promise<void> => {
    const context = { db, poster, attempt };
    const tick = new Date(moment);
    const posted = await messages.find(db, channel);
    if (posted && posted.tick > tick) return;
    const begun = posted?.tick.getTime() === tick.getTime();
    // Without a place it may be there all the same, of an attempt whose outcome is unknown.
    const ts = posted && (posted.ts ?? (await findPosted(context, postingOf(channel, posted.tick)))?.ts);
    if (begun && ts) return refresh(context, channel, tick, ts);
    const forgotten =
      isForgotten(attempt, tick) && !begun ? await findPosted(context, postingOf(channel, tick)) : undefined;
    if (forgotten) {
      await attempt.write((fenced) => messages.start(fenced, channel, tick, undefined));
      return refresh(context, channel, tick, forgotten.ts);
    }
    if (!(await renderNew(channel, tick))) {
      // What the one before it listed may have gone with this one.
      if (posted && ts) await refresh(context, channel, posted.tick, ts);
      return;
    }
    const former = await attempt.write((fenced) => messages.start(fenced, channel, tick, ts));
    if (former) {
      // Before the new one is posted: there is never more than one.
      await deleteOrReplace(context, { channel, ts: former }, replacedReminder);
      await attempt.write((fenced) => messages.previousDeleted(fenced, channel));
    }
    // Slack has been asked whatever there is to ask: what was decided meanwhile is not in it.
    const message = await renderNew(channel, tick);
    if (!message) return attempt.write((fenced) => messages.remove(fenced, channel, tick));
    const made = await post(context, postingOf(channel, tick), message);
    await attempt.write((fenced) => messages.recordPosted(fenced, channel, tick, made.ts));
  };

  /** Updates a posted reminder with what still waits; removes it where nothing does. */
  async function refresh(context: PostContext, channel: string, tick: Date, ts: string): Promise<void> {
    const { rows, total } = await reminders.listInChannel(db, channel, tick, maxListed);
    if (rows.length > 0) {
      await update(context, { channel, ts }, await render(channel, rows, total));
      await context.attempt.write((fenced) => messages.recordPosted(fenced, channel, tick, ts));
    } else {
      await deleteOrReplace(context, { channel, ts }, replacedReminder);
      await context.attempt.write((fenced) => messages.remove(fenced, channel, tick));
    }
  }

  /** Renders the reminder as it is first posted: what was snoozed before that is not in it. Undefined where nothing is left. */
  async function renderNew(channel: string, tick: Date): Promise<Message | undefined> {
    const { rows, total } = await reminders.listInChannel(db, channel, tick, maxListed);
    const left = rows.filter(({ registration }) => !registration.putOffBy);
    return left.length > 0 ? render(channel, left, total - rows.length + left.length) : undefined;
  }

  async function render(channel: string, rows: PendingRow[], total: number): Promise<Message> {
    const waiting = (await withNames(rows, channel, { directory })).map(({ registration, service, ...one }) => {
      const { remindAt, remindedIn, putOffBy } = registration;
      return {
        ...registration,
        ...one,
        service: service.name,
        state: serviceState(service),
        approvers: allowedApprovers(service, config.policy),
        elsewhere: remindedIn && remindedIn !== channel ? { channel: one.link ? remindedIn : null } : undefined,
        expires: expiryWarning(registration, config.EXPIRE_PENDING_AFTER, schedule),
        snoozed: putOffBy && remindAt ? { by: putOffBy, until: remindAt } : undefined,
      };
    });
    // Those of other channels are mentioned there.
    const own = waiting.filter(({ elsewhere, snoozed }) => !elsewhere && !snoozed);
    return reminderMessage(waiting, total, await mentionedFor(own), now());
  }

  async function mentionedFor(waiting: Parameters<typeof mentionsFor>[0]): Promise<Mentions> {
    const groups = [...new Set(waiting.flatMap(({ approvers }) => approvers.groups))];
    const members = new Map<string, string[]>();
    for (const group of groups) members.set(group, await directory.members([group]));
    const able = await among(waiting.flatMap(({ approvers }) => approvers.users));
    // Of one more than a request is the own of, one may decide it.
    const most = Math.max(
      0,
      ...waiting.map(({ owners, ownersAtRequest }) => owners.length + ownersAtRequest.length + 1),
    );
    for (const people of members.values()) for (const person of await among(people, most + 1)) able.add(person);
    return mentionsFor(
      waiting,
      (group) => members.get(group) ?? [],
      (person) => able.has(person),
    );
  }

  /** Returns those of these people who may decide at all: so many, or all there are. */
  async function among(people: string[], atMost = people.length): Promise<Set<string>> {
    const found = new Set<string>();
    for (const person of new Set(people)) {
      if (found.size >= atMost) break;
      const known = await directory.member(person);
      if (known && !known.app && !checkAccount(known.account, config.policy)) found.add(person);
    }
    return found;
  }
}
