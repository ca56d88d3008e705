/** The reminder of a channel: which requests wait there, and who of its members is reminded. */
import type { Attempt } from '../../../db/outbox/types.ts';
import * as reminders from '../../../db/scheduling/reminders.ts';
import type { Deps } from '../../../deps.ts';
import { allowedApprovers, checkAccount } from '../../../domain/authorization.ts';
import type { Effect } from '../../../domain/effects.ts';
import { isOwnRequest } from '../../../domain/own-request.ts';
import { expiryWarning, type Mentions, mentionsFor } from '../../../domain/reminder.ts';
import { serviceState } from '../../../domain/service.ts';
import { maxListed, reminderMessage } from '../../../views/channel/reminder.ts';
import { isSeenFrom } from '../../shared/card-readers.ts';
import { type PendingRow, withNames } from '../../shared/reminder-rows.ts';
import { type NewReminder, replaceReminder } from './replace-reminder.ts';

type Reminder = Extract<Effect, { kind: 'reminder' }>;

/** How many members of a channel or a group are looked up to find one who can decide. */
const maxLookups = 50;

export function deliverReminder({ config, db, poster, directory, schedule, now }: Deps) {
  return ({ channel, tick }: Reminder, attempt: Attempt): Promise<void> =>
    replaceReminder(
      { db, poster, attempt },
      {
        to: channel,
        tick: new Date(tick),
        renderNew: (of) => renderNew(channel, of),
        async renderUpdate(of) {
          const { rows, total } = await reminders.listInChannel(db, channel, of, maxListed);
          return rows.length > 0 ? (await render(channel, rows, total)).message : undefined;
        },
      },
    );

  /** Renders the reminder as it is first posted: what was snoozed before that is not in it. Undefined where nothing is left. */
  async function renderNew(channel: string, tick: Date): Promise<NewReminder | undefined> {
    const { rows, total } = await reminders.listInChannel(db, channel, tick, maxListed);
    const left = rows.filter(({ registration }) => !registration.putOffBy);
    if (left.length === 0) return undefined;
    const { message, own } = await render(channel, left, total - rows.length + left.length);
    const reached = await Promise.all(own.map((one) => reachedIn(channel, one)));
    return { message, reached: reached.flat() };
  }

  async function render(channel: string, rows: PendingRow[], total: number) {
    const isSeen = (place: string) => isSeenFrom(channel, place, { directory });
    const named = new Set<string>();
    for (const place of new Set(rows.flatMap(({ registration }) => registration.remindedIn ?? [])))
      if (await isSeen(place)) named.add(place);
    const waiting = (await withNames(rows, isSeen, { directory })).map(({ registration, service, ...one }) => {
      const { remindAt, remindedIn, putOffBy } = registration;
      return {
        ...registration,
        ...one,
        service: service.name,
        state: serviceState(service),
        approvers: allowedApprovers(service, config.policy),
        elsewhere:
          remindedIn && remindedIn !== channel ? { channel: named.has(remindedIn) ? remindedIn : null } : undefined,
        expires: expiryWarning(registration, config.EXPIRE_PENDING_AFTER, schedule),
        snoozed: putOffBy && remindAt ? { by: putOffBy, until: remindAt } : undefined,
      };
    });
    // Those of other channels are mentioned there.
    const own = waiting.filter(({ elsewhere, snoozed }) => !elsewhere && !snoozed);
    return { message: reminderMessage(waiting, total, await mentionedFor(own), now()), own };
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

  /** Returns whom of the approvers of a request a message in the channel reaches: those in it who can decide. */
  async function reachedIn(channel: string, { id, approvers, ...parties }: Waiting) {
    const { users, groups } = approvers;
    const present = new Set(await directory.members([channel]));
    const others = (people: Iterable<string>) =>
      [...people].filter((person) => present.has(person) && !isOwnRequest(person, parties)).slice(0, maxLookups);
    const found = [...(await among(others(users)))];
    for (const group of groups)
      if ((await among(others(await directory.members([group])), 1)).size > 0) found.push(group);
    // Where no one is named, the members of the channel decide.
    if (users.length + groups.length === 0 && (await among(others(present), 1)).size > 0) found.push(channel);
    return found.map((approver) => ({ id, approver }));
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

type Waiting = Parameters<typeof mentionsFor>[0][number] & { id: number };
