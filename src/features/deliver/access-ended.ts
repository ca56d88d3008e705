/** The reply in a card's thread, where a channel that has to close keys sees that access has ended. */
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { accessEndedReply } from '../../views/registration/access-ended.ts';

type AccessEnded = Extract<Effect, { kind: 'access-ended' }>;

/** How long the reply waits for its card to be posted, in seconds, before it looks again. */
const looksAgainAfter = 1;

export function deliverAccessEnded({ config, db, poster }: Deps) {
  return async ({ registration: id, version }: AccessEnded, attempt: Attempt): Promise<DeliveryResult> => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    if (!found || !entry) return { status: 'delivered' };
    const { registration, place } = found;
    if (!place) return { status: 'postponed', seconds: looksAgainAfter };
    const marker = { event_type: 'registrar_access_ended', event_payload: { registration: id, version } };
    const posting = { to: place.channel, thread: place.ts, marker, since: entry.at };
    await postOnce({ db, poster, attempt }, posting, () => accessEndedReply(registration, entry));
    return { status: 'delivered' };
  };
}
