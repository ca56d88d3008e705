import type { Approvers } from './approvers.ts';
import { msPer } from './duration.ts';
import type { Effect, ReminderEffect } from './effects.ts';
import { isOwnRequest, type RequestParties } from './own-request.ts';
import { addWallClock, nextTick, type Schedule } from './schedule.ts';

/** The most reminders of a request, and the one from which on they also go to ESCALATION_CHANNEL. */
export const maxReminders = 5;
export const escalatedFrom = 3;

/** How many times as long each further reminder of a request waits as the one before. */
const growth = 2;

/** The longest interval, in milliseconds: in a hundred years is still a date that databases can write. */
const forever = 100 * 365 * msPer.day;

/** Returns when the first reminder of a request is due. `remindAfter` is in milliseconds. */
export const firstReminder = (requestedAt: Date, remindAfter: number): Date =>
  new Date(requestedAt.getTime() + remindAfter);

/** Returns how long after its `count`th reminder a request is due again, in milliseconds. */
const reminderInterval = (count: number, remindAfter: number): number =>
  Math.min(remindAfter * growth ** count, forever);

/**
 * Lists when requests are due again that have had their first, second, … reminder at `tick`; after the last they never
 * are.
 */
export const nextReminders = (tick: Date, remindAfter: number, timeZone: string): Date[] =>
  Array.from({ length: maxReminders - 1 }, (_, before) =>
    addWallClock(tick, reminderInterval(before + 1, remindAfter), timeZone),
  );

/**
 * Returns the expiry that a reminder has to warn of: undefined where another reminder comes before it, or nothing
 * expires.
 */
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

/** An approver who was asked by direct message, and the tick at which they were last reminded in the same way. */
export type AskedApprover = { person: string; remindedAt: Date | null };

/**
 * The last reminder that lists a request: its tick, its channel, the channel that it was escalated to, and the approvers who
 * cannot see the card.
 */
export type ReminderLocation = {
  remindedAt: Date | null;
  remindedIn: string | null;
  escalatedIn: string | null;
  asked: AskedApprover[];
};

/** Returns the effects that update the reminders that list a request. */
export function updateReminders({ remindedAt, remindedIn, escalatedIn, asked }: ReminderLocation): ReminderEffect[] {
  if (!remindedAt) return [];
  const tick = remindedAt.toISOString();
  const inChannels = [remindedIn, escalatedIn].flatMap((channel) =>
    channel ? [{ kind: 'reminder', channel, tick } as const] : [],
  );
  return [...inChannels, ...asked.flatMap(updateDirectReminder)];
}

const updateDirectReminder = ({ person, remindedAt }: AskedApprover): ReminderEffect[] =>
  remindedAt ? [{ kind: 'direct-reminder', person, tick: remindedAt.toISOString() }] : [];

/** Returns the effects that update the direct messages which ask these approvers, and remind them. */
export const updateAsked = (registration: number, asked: AskedApprover[]): Effect[] =>
  asked.flatMap((one) => [{ kind: 'ask', registration, person: one.person }, ...updateDirectReminder(one)]);

/** Returns the effects that update the message which tells the requester that a request waits. */
export const updatePendingMessage = ({
  requester,
  firstRemindedAt,
}: {
  requester: string;
  firstRemindedAt: Date | null;
}): ReminderEffect[] =>
  firstRemindedAt ? [{ kind: 'waiting', person: requester, tick: firstRemindedAt.toISOString() }] : [];

type Waiting = RequestParties & { approvers: Approvers };

/** The people and user groups that a reminder mentions, each once. */
export type Mentions = { users: string[]; groups: string[] };

/**
 * Selects the approvers who can decide one of these requests: active people who neither asked for it nor own its application, and groups that
 * have such a member. The members of a selected group are not mentioned again. Where the members of a channel decide,
 * there is no mention.
 */
export function mentionsFor(
  waiting: Waiting[],
  membersOf: (group: string) => readonly string[],
  isActive: (person: string) => boolean,
): Mentions {
  const canDecide = (person: string, one: Waiting) => !isOwnRequest(person, one) && isActive(person);
  const hasDecider = (one: Waiting, group: string) => membersOf(group).some((member) => canDecide(member, one));
  const groups = new Set(waiting.flatMap((one) => one.approvers.groups.filter((group) => hasDecider(one, group))));
  const named = new Set(waiting.flatMap((one) => one.approvers.users.filter((person) => canDecide(person, one))));
  const covered = new Set([...groups].flatMap(membersOf));
  return { users: [...named].filter((person) => !covered.has(person)), groups: [...groups] };
}
