/** The direct message that tells a requester which requests wait: posted once for each tick, and kept up to date. */
import type { Attempt } from '../../../db/outbox/types.ts';
import * as direct from '../../../db/scheduling/direct-reminders.ts';
import * as messages from '../../../db/scheduling/pending-messages.ts';
import * as reminders from '../../../db/scheduling/reminders.ts';
import type { Deps } from '../../../deps.ts';
import type { ShownApprovers } from '../../../domain/approvers.ts';
import { allowedApprovers } from '../../../domain/authorization.ts';
import type { Effect } from '../../../domain/effects.ts';
import { serviceState } from '../../../domain/service.ts';
import { findPosted, isForgotten, post, update } from '../../../slack/messages.ts';
import { maxListed } from '../../../views/channel/reminder.ts';
import { pendingMessage } from '../../../views/registration/pending-message.ts';
import { approversFor } from '../../shared/shown-approvers.ts';

type Waiting = Extract<Effect, { kind: 'waiting' }>;

export function deliverPendingMessage({ config, db, poster, directory }: Deps) {
  return async ({ person, tick: moment }: Waiting, attempt: Attempt): Promise<void> => {
    const tick = new Date(moment);
    const { rows, total, over } = await reminders.listOfRequester(db, person, tick, maxListed);
    if (total === 0 && over.length === 0) return;
    const { begun, place } = await attempt.write((fenced) => messages.begin(fenced, person, tick, total > 0));
    if (!begun && total === 0) return;
    const context = { db, poster, attempt };
    const posting = {
      to: person,
      marker: { event_type: 'registrar_waiting', event_payload: { tick: moment } },
      since: tick,
    };
    // Without a place it may have been posted all the same, by an attempt whose outcome is unknown.
    const found = place ?? (begun || isForgotten(attempt, tick) ? await findPosted(context, posting) : undefined);
    const reached = await direct.reachedByRegistration(
      db,
      rows.map(({ registration }) => registration.id),
    );
    const waiting = rows.map((row) => facts(person, row, reached.get(row.registration.id) ?? []));
    const message = pendingMessage(await Promise.all(waiting), over.map(ended), total);
    const shown = found && (await update(context, found, message)) ? found : undefined;
    // What was deleted by hand, or has nothing more to tell, is not posted again.
    if (!shown && (found || total === 0)) return;
    const posted = shown ?? (await post(context, posting, message));
    await attempt.write((fenced) => messages.recordPosted(fenced, person, tick, posted));
  };

  async function facts(person: string, { registration, service, application, owners }: Row, reached: string[]) {
    const allowed = allowedApprovers(service, config.policy);
    const approvers = await approversFor(person, allowed, { directory });
    const reminded = remindedOf(approvers, reached);
    return {
      ...registration,
      service: service.name,
      state: serviceState(service),
      application,
      approvers,
      reminded,
      owned: owners.includes(person),
    };
  }
}

type Row = reminders.PendingReminder['rows'][number];

/** Selects the approvers of a request whom its reminders have reached; undefined where that is no one. */
function remindedOf({ users, groups, channel }: ShownApprovers, reached: string[]): ShownApprovers | undefined {
  if (reached.length === 0) return undefined;
  // Where no one is named, it is the channel that was reached.
  if (users.length + groups.length === 0) return { users, groups, channel };
  const named = {
    users: users.filter((id) => reached.includes(id)),
    groups: groups.filter((id) => reached.includes(id)),
  };
  return named.users.length + named.groups.length > 0 ? { ...named, channel } : undefined;
}

const ended = ({ registration, service, application }: Row) => ({
  ...registration,
  service: service.name,
  application,
});
