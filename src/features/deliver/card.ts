/** The request card: posted once, then redrawn in its place. */
import * as cards from '../../db/cards.ts';
import type { Attempt } from '../../db/outbox.ts';
import type { Deps } from '../../deps.ts';
import { findPosted, type Mark, post, redraw } from '../../posting.ts';
import { card } from '../../views/card.ts';

/** Up to date: nothing. Posted: redrawn. Neither: posted, unless an attempt whose end is unknown has done so. */
export function deliverCard({ config, db, poster }: Deps) {
  return async (id: number, attempt: Attempt): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    if (!found) return;
    const { registration, drawing } = found;
    const message = card(registration);
    const { approvers } = registration;
    const mark: Mark = { event_type: 'registrar_card', event_payload: { registration: id } };

    let place = found.place;
    if (!place) {
      const { channel } = approvers;
      const posted =
        attempt.first && drawing === 1 ? undefined : await findPosted(poster, channel, mark, registration.requestedAt);
      if (posted) place = { channel, ts: posted, drawing: 0 };
    }
    if (place && place.drawing >= drawing) return;
    const stands = place && (await redraw(poster, place, message)) ? place : undefined;
    const { channel, ts } = stands ?? (await post({ db, poster, attempt }, approvers.channel, message, mark));
    await cards.drawn(db, id, { channel, ts, drawing });
  };
}
