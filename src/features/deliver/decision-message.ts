import type { Attempt } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { decisionMessage } from '../../views/registration/decision-message.ts';

type Notice = Extract<Effect, { kind: 'notice' }>;

export function deliverDecisionMessage({ config, db, poster }: Deps) {
  return async ({ registration: id, version }: Notice, attempt: Attempt): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    if (!found || !entry) return;
    const { requester } = found.registration;
    const marker = { event_type: 'registrar_notice', event_payload: { registration: id, version } };
    await postOnce({ db, poster, attempt }, { to: requester, marker, since: entry.at }, () =>
      decisionMessage(found.registration, entry),
    );
  };
}
