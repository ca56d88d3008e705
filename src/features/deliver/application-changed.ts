/** An application has changed, or an owner has left Slack: what has to follow is found out, some at a time. */
import * as events from '../../db/application/events.ts';
import * as orphans from '../../db/application/ownerless.ts';
import type { DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';

type Of<Kind extends ApplicationEffect['kind']> = Extract<ApplicationEffect, { kind: Kind }>;

export function deliverApplicationChanged({ db, now }: Pick<Deps, 'db' | 'now'>) {
  return {
    /** Has the Homes and the cards redrawn that show an event of an application. */
    async show({ application, version, after }: Of<'application'>): Promise<void> {
      await events.enqueueUpdates(db, application, version, after);
    },

    /** Takes what a person owned from them, a batch each second: it does not fill the outbox. */
    async depart({ person }: Of<'departure'>): Promise<DeliveryResult> {
      const more = await orphans.removeOwner(db, person, now());
      return more ? { status: 'postponed', seconds: 1 } : { status: 'delivered' };
    },
  };
}
