import type { Attempt } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import { findPosted, type MessageMarker, post, update } from '../../slack/messages.ts';
import { requestCard } from '../../views/registration/card.ts';

/** Up to date: nothing. Posted: redrawn. Neither: posted, unless an attempt whose end is unknown has done so. */
export function deliverCard({ config, db, poster }: Deps) {
  return async (id: number, attempt: Attempt): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    if (!found) return;
    const { registration, drawing } = found;
    const message = requestCard(registration);
    const { channel: wanted } = registration.approvers;
    const mark: MessageMarker = { event_type: 'registrar_card', event_payload: { registration: id } };

    const lost = async (since: Date) => {
      const ts = await findPosted(poster, wanted, mark, since);
      return ts ? { channel: wanted, ts, drawing: 0 } : null;
    };

    let place = found.place;
    if (!place) place = attempt.first && drawing === 1 ? null : await lost(registration.requestedAt);
    else if (registration.status === 'pending' && place.channel !== wanted) place = await move(place);
    if (place && place.drawing >= drawing) return;
    let stands = place && (await update(poster, place, message)) ? place : null;
    if (place && !stands && !attempt.first) {
      // It was deleted, and the attempt whose end is unknown may have posted it again.
      const again = await lost(attempt.since);
      stands = again && (await update(poster, again, message)) ? again : null;
    }
    const { channel, ts } = stands ?? (await post({ db, poster, attempt }, wanted, message, mark));
    await cards.markDrawn(db, id, { channel, ts, drawing });

    /** What is decided stays where it was decided; what waits goes where somebody can answer it. */
    async function move(from: cards.CardLocation): Promise<cards.CardLocation> {
      const posted = attempt.first ? undefined : await findPosted(poster, wanted, mark, attempt.since);
      const to = posted
        ? { channel: wanted, ts: posted, drawing: 0 }
        : { channel: wanted, ts: (await post({ db, poster, attempt }, wanted, message, mark)).ts, drawing };
      await cards.recordMove(db, registration, from, to);
      return to;
    }
  };
}
