import type { Approvers } from './approvers.ts';
import type { ReminderEffect } from './effects.ts';
import { addWallClock, nextTick, type Schedule } from './schedule.ts';

/** How many reminders a request gets, and from which on it also goes to ESCALATION_CHANNEL. */
export const maxReminders = 5;
export const escalatedFrom = 3;

/** Each further reminder of the same request waits this many times as long as the one before. */
const growth = 2;

/** Longer than anybody waits, in milliseconds: a hundred years still is a date that databases can write. */
const forever = 100 * 365 * 86_400_000;

/** When a request is first due. `remindAfter` is in milliseconds. */
export const firstReminder = (requestedAt: Date, remindAfter: number): Date =>
  new Date(requestedAt.getTime() + remindAfter);

/** How long after its `count`th reminder a request is due again, in milliseconds. */
export const reminderInterval = (count: number, remindAfter: number): number =>
  Math.min(remindAfter * growth ** count, forever);

/** When requests are due again that have now had their first, second, … reminder at a tick; after the last, never. */
export const nextReminders = (tick: Date, remindAfter: number, timeZone: string): Date[] =>
  Array.from({ length: maxReminders - 1 }, (_, before) =>
    addWallClock(tick, reminderInterval(before + 1, remindAfter), timeZone),
  );

/** The moment a reminder warns of: when the request expires, where no other reminder of it comes before. */
export function expiryWarning(
  { requestedAt, remindAt }: { requestedAt: Date; remindAt: Date | null },
  expireAfter: number | undefined,
  schedule: Schedule,
): Date | undefined {
  if (expireAfter === undefined) return undefined;
  const expires = new Date(requestedAt.getTime() + expireAfter);
  const next = remindAt && nextTick(schedule, remindAt);
  return next && next < expires ? undefined : expires;
}

/** Where the last reminder that lists a request is: by its tick, in its approval channel and where it was escalated to. */
export type ReminderLocation = { remindedAt: Date | null; remindedIn: string | null; escalatedIn: string | null };

/** What changes in a reminder has it drawn anew. */
export function updateReminders(listed: ReminderLocation | undefined): ReminderEffect[] {
  const { remindedAt = null, remindedIn = null, escalatedIn = null } = listed ?? {};
  if (!remindedAt) return [];
  const tick = remindedAt.toISOString();
  return [remindedIn, escalatedIn].flatMap((channel) =>
    channel ? [{ kind: 'reminder', channel, tick } as const] : [],
  );
}

type Waiting = { requester: string; approvers: Approvers };

/** Whom a reminder mentions: people and user groups, each once. */
export type Mentions = { users: string[]; groups: string[] };

/**
 * The approvers who can act on one of these requests: they are active, and did not ask for it themselves. A group is one
 * of them where one of its members is; who is in such a group is not named beside it. Where the channel's members decide,
 * nobody is mentioned.
 */
export function mentionsFor(
  waiting: Waiting[],
  membersOf: (group: string) => readonly string[],
  isActive: (person: string) => boolean,
): Mentions {
  const may = (person: string, { requester }: Waiting) => person !== requester && isActive(person);
  const able = (one: Waiting, group: string) => membersOf(group).some((member) => may(member, one));
  const groups = new Set(waiting.flatMap((one) => one.approvers.groups.filter((group) => able(one, group))));
  const named = new Set(waiting.flatMap((one) => one.approvers.users.filter((person) => may(person, one))));
  const covered = new Set([...groups].flatMap(membersOf));
  return { users: [...named].filter((person) => !covered.has(person)), groups: [...groups] };
}
