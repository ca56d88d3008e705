/** What stands where a card was: that it has gone, and where to. */
import * as cards from '../../db/registration/cards.ts';
import type { Deps } from '../../deps.ts';
import type { CatalogEffect } from '../../domain/effects.ts';
import { fetchPermalink, update } from '../../slack/messages.ts';
import { movedCard } from '../../views/registration/card.ts';

type Moved = Extract<CatalogEffect, { kind: 'moved' }>;

/** Nothing where the card has come back there meanwhile, or the old one is gone. */
export function deliverCardMoved({ config, db, poster }: Deps) {
  return async ({ registration: id, channel, ts }: Moved): Promise<void> => {
    const found = await cards.find(db, id, config.policy);
    if (!found?.place || (found.place.channel === channel && found.place.ts === ts)) return;
    const link = await fetchPermalink(poster, found.place.channel, found.place.ts);
    await update(poster, { channel, ts }, movedCard(found.registration, { channel: found.place.channel, link }));
  };
}
