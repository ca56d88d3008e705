/** The reminders by direct message, of approvers who cannot see the cards, and then of the requesters. */
import type { Attempt, DeliveryResult } from '../../../db/outbox/types.ts';
import * as direct from '../../../db/scheduling/direct-reminders.ts';
import type { Deps } from '../../../deps.ts';
import { allowedApprovers } from '../../../domain/authorization.ts';
import type { Effect } from '../../../domain/effects.ts';
import { isOwnRequest } from '../../../domain/own-request.ts';
import { expiryWarning } from '../../../domain/reminder.ts';
import { serviceState } from '../../../domain/service.ts';
import { maxListed } from '../../../views/channel/reminder.ts';
import { approverReminder } from '../../../views/registration/approver-reminder.ts';
import { canDecide } from '../../shared/can-decide.ts';
import { cannotSeeCards } from '../../shared/card-readers.ts';
import { type PendingRow, withNames } from '../../shared/reminder-rows.ts';
import { type NewReminder, replaceReminder } from './replace-reminder.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** How long requesters wait for what they are told about: that the approvers were reminded. In seconds. */
const longestWait = 60;

export function deliverDirectReminders({ config, db, poster, directory, schedule, now }: Deps) {
  return { findApprovers, remindOne, tellRequesters };

  /** Finds who cannot see the cards of what a tick has claimed; after the last request they are reminded. */
  async function findApprovers(
    { kind, tick: moment, after }: Of<'remind-approvers'>,
    attempt: Attempt,
  ): Promise<DeliveryResult> {
    const tick = new Date(moment);
    const { requests, next } = await direct.listClaimed(db, tick, after, config.policy);
    const reminded: { id: number; people: string[] }[] = [];
    for (const { id, approvers, ...parties } of requests) {
      const { asked } = await cannotSeeCards(approvers, { directory });
      reminded.push({
        id,
        people: asked.filter((person) => config.policy.allowSelfApproval || !isOwnRequest(person, parties)),
      });
    }
    await attempt.write((fenced) => direct.recordReminded(fenced, tick, reminded));
    if (next) return { status: 'postponed', seconds: 0, effect: { kind, tick: moment, after: next } };
    const { effects, bulk } = await direct.effectsOfTick(db, tick);
    return { status: 'delivered', effects, priority: bulk ? 'bulk' : 'clock' };
  }

  /** Posts, or updates, the reminder of an approver: those of its requests that they can decide. */
  async function remindOne({ person, tick }: Of<'direct-reminder'>, attempt: Attempt): Promise<void> {
    await replaceReminder(
      { db, poster, attempt },
      {
        to: person,
        tick: new Date(tick),
        renderNew: (of) => renderNew(person, of),
        async renderUpdate(of) {
          const { waiting, others, total } = await listed(person, of);
          return waiting.length + others.length > 0 ? render(person, waiting, others, total) : undefined;
        },
      },
    );
  }

  /** Renders the reminder as it is first posted: what was snoozed or decided before that is not in it. */
  async function renderNew(person: string, tick: Date): Promise<NewReminder | undefined> {
    const { waiting, total } = await listed(person, tick);
    const left = waiting.filter(({ registration }) => !registration.putOffBy);
    if (left.length === 0) return undefined;
    const reached = await Promise.all(left.map((row) => reachedOf(person, row)));
    return { message: await render(person, left, [], total - waiting.length + left.length), reached: reached.flat() };
  }

  /** Lists what an approver was reminded of: what waits for them, and what does not any longer. */
  async function listed(person: string, tick: Date) {
    const { rows, over, total } = await direct.listOfApprover(db, person, tick, maxListed);
    const able = await Promise.all(rows.map((row) => canDecide(person, row, { config, directory })));
    const waiting = rows.filter((_, index) => able[index]);
    const others = [...rows.filter((_, index) => !able[index]), ...over];
    return { waiting, others, total: total - rows.length + waiting.length };
  }

  async function render(person: string, waiting: PendingRow[], others: PendingRow[], total: number) {
    const rows = await withNames(waiting, (channel) => directory.canSee(person, channel), { directory });
    const { home } = await directory.appLinks();
    return approverReminder(
      rows.map(({ registration, service, ...one }) => {
        const { remindAt, putOffBy } = registration;
        return {
          ...registration,
          ...one,
          service: service.name,
          state: serviceState(service),
          elsewhere: undefined,
          expires: expiryWarning(registration, config.EXPIRE_PENDING_AFTER, schedule),
          snoozed: putOffBy && remindAt ? { by: putOffBy, until: remindAt } : undefined,
        };
      }),
      others.map(({ registration, service, application }) => ({ ...registration, service: service.name, application })),
      { total, home, now: now() },
    );
  }

  /** Returns the approvers of a request whom a message to this person reaches: themselves, and the groups that they are in. */
  async function reachedOf(person: string, { registration: { id }, service }: PendingRow): Promise<direct.Reached[]> {
    const { users, groups } = allowedApprovers(service, config.policy);
    const found = users.filter((user) => user === person);
    for (const group of groups) if ((await directory.members([group])).includes(person)) found.push(group);
    return found.map((approver) => ({ id, approver }));
  }

  /** Tells the requesters, once the approvers have been reminded: what they read about it is true then. */
  async function tellRequesters(
    { kind, tick: moment, after }: Of<'requesters'>,
    attempt: Attempt,
  ): Promise<DeliveryResult> {
    const tick = new Date(moment);
    const { age } = attempt.job;
    if (!after && age < longestWait && (await direct.isOnItsWay(db, tick)))
      return { status: 'postponed', seconds: age < 2 ? 0.1 : 1 };
    const next = await attempt.write((fenced) => direct.tellRequesters(fenced, tick, after));
    if (!next) return { status: 'delivered' };
    return { status: 'postponed', seconds: 0, effect: { kind, tick: moment, after: next } };
  }
}
