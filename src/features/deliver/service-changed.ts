/** Others decide about a service now, or elsewhere: what waits for it follows, cards and Homes. */

import * as homes from '../../db/home/homes.ts';
import type { DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import type { CatalogEffect } from '../../domain/effects.ts';

type Of<Kind extends CatalogEffect['kind']> = Extract<CatalogEffect, { kind: Kind }>;

export function deliverServiceChanged({ config, db, directory }: Deps) {
  return {
    /** Each card is an effect of its own: what can be posted is, whatever becomes of the others. */
    async cards({ kind, service, after = 0 }: Of<'service'>): Promise<DeliveryResult> {
      const next = await cards.markPendingStale(db, service, after);
      if (next === undefined) return { status: 'delivered' };
      return { status: 'postponed', seconds: 0, effect: { kind, service, after: next } };
    },

    async homes({ service: id, version }: Of<'queues'>): Promise<void> {
      if (!(await homes.any(db))) return;
      const [service, change] = await Promise.all([services.find(db, id), services.findChange(db, id, version)]);
      if (!service) return;
      const asked = [service, { ...service, ...change?.before }].map((one) => allowedApprovers(one, config.policy));
      const behind = new Set(asked.flatMap((approvers) => membershipsToCheck(approvers, '')));
      const members = await directory.members([...behind]);
      await homes.markPendingStale(db, id, [...asked.flatMap(({ users }) => users), ...members]);
    },
  };
}
