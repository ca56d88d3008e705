/** An application has changed, or an owner has left Slack: what has to follow is found out, some at a time, and approvers hear of new owners. */
import * as events from '../../db/application/events.ts';
import * as orphans from '../../db/application/ownerless.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { ownershipMessage } from '../../views/application/messages.ts';

type Of<Kind extends ApplicationEffect['kind']> = Extract<ApplicationEffect, { kind: Kind }>;

/** How many services a message names. */
const maxListed = 10;

export function deliverApplicationChanged({ config, db, poster, now }: Pick<Deps, 'config' | 'db' | 'poster' | 'now'>) {
  return {
    /** Has the Homes and the cards redrawn that show an event of an application. */
    async show({ application, version, after }: Of<'application'>): Promise<void> {
      await events.enqueueUpdates(db, application, version, after);
    },

    /** Tells an approval channel that an application has other owners, which has something, or waits for it, there. */
    async tell({ application, version, place }: Of<'ownership'>, attempt: Attempt): Promise<void> {
      const event = await events.find(db, application, version);
      if (!event) return;
      const { services, total } = await events.listServices(db, application, place, maxListed);
      const to = place ?? config.policy.adminChannel;
      const marker = { event_type: 'registrar_ownership', event_payload: { application: event.publicId, version } };
      await postOnce({ db, poster, attempt }, { to, marker, since: event.at }, () =>
        ownershipMessage(event, services, total),
      );
    },

    /** Takes what a person owned from them, a batch each second: it does not fill the outbox. */
    async depart({ person }: Of<'departure'>): Promise<DeliveryResult> {
      const more = await orphans.removeOwner(db, person, now());
      return more ? { status: 'postponed', seconds: 1 } : { status: 'delivered' };
    },
  };
}
