/** The message where a card was: that it has gone, and where to. */
import type { Attempt } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { CatalogEffect } from '../../domain/effects.ts';
import { fetchPermalink, update } from '../../slack/messages.ts';
import { movedCard } from '../../views/registration/card.ts';
import { isSeenFrom } from '../shared/card-readers.ts';

type Moved = Extract<CatalogEffect, { kind: 'moved' }>;

/** Replaces the old card. Nothing where the card has come back there meanwhile, or the old one is gone. */
export function deliverCardMoved({ config, db, poster, directory }: Deps) {
  return async ({ registration: id, channel, ts }: Moved, attempt: Attempt): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    if (!found?.place || (found.place.channel === channel && found.place.ts === ts)) return;
    const { place } = found;
    const to = (await isSeenFrom(channel, place.channel, { directory }))
      ? { channel: place.channel, link: await fetchPermalink(poster, place.channel, place.ts) }
      : null;
    await update({ poster, attempt }, { channel, ts }, movedCard(found.registration, to));
  };
}
