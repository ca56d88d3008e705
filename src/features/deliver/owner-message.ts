/** The direct message to a user who owns an application since an event, or no longer, or with others than before. */
import * as events from '../../db/application/events.ts';
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { ownerMessage } from '../../views/application/messages.ts';

type Owner = Extract<ApplicationEffect, { kind: 'owner' }>;

export function deliverOwnerMessage({ db, poster }: Pick<Deps, 'db' | 'poster'>) {
  return async ({ application, version, person }: Owner, attempt: Attempt): Promise<void> => {
    const event = await events.find(db, application, version);
    if (!event) return;
    const marker = {
      event_type: 'registrar_owner',
      event_payload: { application, public_id: event.publicId, version },
    };
    await postOnce({ db, poster, attempt }, { to: person, marker, since: event.at }, () => ownerMessage(event, person));
  };
}
