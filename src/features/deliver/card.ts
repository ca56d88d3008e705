import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { Effect } from '../../domain/effects.ts';
import { cardMarker } from '../../domain/reference.ts';
import { isLive } from '../../domain/registration.ts';
import { findEarlier, findPosted, isForgotten, post, postOnce, update } from '../../slack/messages.ts';
import { accessEndedReply } from '../../views/registration/card.ts';
import { renderCard } from '../shared/render-card.ts';

/**
 * Brings a card up to date: updates it, or posts it, unless an attempt whose outcome is unknown has done so. A request that is
 * over before its card was posted gets none.
 */
export function deliverCard({ config, db, directory, poster }: Deps) {
  return async ({ registration: id, version }: Extract<Effect, { kind: 'card' }>, attempt: Attempt): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    if (!found) return;
    const { registration, shownVersion } = found;
    const isOver = !isLive(registration.status);
    if (found.isUnposted) return attempt.write((fenced) => cards.markUnposted(fenced, id, shownVersion));
    const { channel: wanted } = registration.approvers;
    const context = { db, poster, attempt };
    const marker = cardMarker(registration);
    const { requester } = registration;
    const posting = { to: wanted, marker, since: registration.requestedAt, requester };
    // What was posted again, or moved, and is forgotten.
    const { since } = isForgotten(attempt, posting.since) ? posting : { since: attempt.job.enqueuedAt };
    const sinceThisJob = { ...posting, since };

    let place = found.place;
    // Before the first job of its lane nothing can have posted it.
    if (!place && !(!attempt.job.unsure && version === 1 && !isForgotten(attempt, posting.since))) {
      const found = await findPosted(context, posting);
      place = found ? { ...found, shownVersion: 0 } : null;
    }
    // What was withdrawn meanwhile takes no place in the channel.
    if (!place && isOver) return attempt.write((fenced) => cards.markUnposted(fenced, id, shownVersion));
    const message = await renderCard(registration, { directory });
    if (place && registration.status === 'pending' && place.channel !== wanted) place = await move(place);
    if (place && place.shownVersion >= shownVersion) return;
    let shown = place && (await update(context, place, message)) ? place : undefined;
    if (place && !shown) {
      // It was deleted, and an earlier attempt may have posted it again.
      const earlier = await findEarlier(context, sinceThisJob);
      shown = earlier && (await update(context, earlier, message)) ? { ...earlier, shownVersion } : undefined;
    }
    const { channel, ts } = shown ?? (await post(context, posting, message));
    const rendered = { channel, ts, shownVersion };
    await attempt.write((fenced) =>
      ts === found.place?.ts
        ? cards.markRendered(fenced, id, rendered)
        : cards.recordPosted(fenced, registration, rendered),
    );

    /** Moves a pending card to where an approver can decide it. A decided one stays where it was decided. */
    async function move(from: cards.CardLocation): Promise<cards.CardLocation> {
      const earlier = await findEarlier(context, sinceThisJob);
      const to = earlier
        ? { ...earlier, shownVersion: 0 }
        : { ...(await post(context, posting, message)), shownVersion };
      await attempt.write((fenced) => cards.recordMove(fenced, registration, from, to));
      return to;
    }
  };
}

type AccessEnded = Extract<Effect, { kind: 'access-ended' }>;

/** How long the reply waits for its card to be posted, in seconds, before it looks again. */
const looksAgainAfter = 1;

/** Replies in a card's thread, where a channel that has to close keys sees that access has ended. */
export function deliverAccessEnded({ config, db, poster }: Deps) {
  return async ({ registration: id, version }: AccessEnded, attempt: Attempt): Promise<DeliveryResult> => {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.history.find((one) => one.version === version);
    if (!found || !entry) return { status: 'delivered' };
    const { registration, place } = found;
    if (found.isUnposted) return { status: 'delivered' };
    if (!place) return { status: 'postponed', seconds: looksAgainAfter };
    const marker = {
      event_type: 'registrar_access_ended',
      event_payload: { registration: id, public_id: registration.publicId, version },
    };
    const posting = { to: place.channel, thread: place.ts, marker, since: entry.at, requester: registration.requester };
    await postOnce({ db, poster, attempt }, posting, () => accessEndedReply(registration, entry));
    return { status: 'delivered' };
  };
}
