import type { Attempt } from '../../db/outbox/types.ts';
import * as reminders from '../../db/scheduling/reminders.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { maxListed } from '../../views/channel/reminder.ts';
import { pendingMessage } from '../../views/registration/pending-message.ts';

type Waiting = Extract<Effect, { kind: 'waiting' }>;

export function deliverPendingMessage({ config, db, poster }: Deps) {
  return async ({ person, tick }: Waiting, attempt: Attempt): Promise<void> => {
    const { rows, total } = await reminders.listOfRequester(db, person, new Date(tick), maxListed);
    if (rows.length === 0) return;
    const marker = { event_type: 'registrar_waiting', event_payload: { tick } };
    const waiting = rows.map(({ registration, service, application }) => ({
      ...registration,
      service: service.name,
      application,
      approvers: allowedApprovers(service, config.policy),
    }));
    await postOnce({ db, poster, attempt }, { to: person, marker, since: new Date(tick) }, () =>
      pendingMessage(waiting, total),
    );
  };
}
