/** Follows a change of a service's rules: cards and Homes are updated, and the approval channel hears of what is looser. */

import * as homes from '../../db/home/homes.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, approvalChannel, membershipsToCheck } from '../../domain/authorization.ts';
import type { CatalogEffect } from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import { postOnce } from '../../slack/messages.ts';
import { ruleChangeMessage } from '../../views/service/rule-change.ts';
import { hideChannelsIn } from '../shared/hide-channels.ts';

type Of<Kind extends CatalogEffect['kind']> = Extract<CatalogEffect, { kind: Kind }>;

export function deliverServiceChanged({ config, db, poster, directory }: Deps) {
  return {
    /** Enqueues updates of the cards, each an effect of its own: what can be posted is, whatever becomes of the others. */
    async cards({ kind, service, after = 0 }: Of<'service'>, attempt: Attempt): Promise<DeliveryResult> {
      const next = await attempt.write((fenced) => cards.markPendingStale(fenced, service, after));
      if (next === undefined) return { status: 'delivered' };
      return { status: 'postponed', seconds: 0, effect: { kind, service, after: next } };
    },

    /** Marks the Homes of those who decide, and then of those who ask, some in each transaction. */
    async homes({ kind, service: id, version, after }: Of<'queues'>, attempt: Attempt): Promise<DeliveryResult> {
      const delivered = { status: 'delivered' } as const;
      if (!(await homes.any(db))) return delivered;
      if (after !== undefined) {
        const next = await attempt.write((fenced) => homes.markPendingStale(fenced, id, after));
        if (next === undefined) return delivered;
        return { status: 'postponed', seconds: 0, effect: { kind, service: id, version, after: next } };
      }
      const [service, change] = await Promise.all([services.find(db, id), services.findChange(db, id, version)]);
      if (!service) return delivered;
      const asked = [service, { ...service, ...change?.before }].map((one) => allowedApprovers(one, config.policy));
      const behind = new Set(asked.flatMap((approvers) => membershipsToCheck(approvers, '')));
      const members = await directory.members([...behind]);
      const people = [...new Set([...asked.flatMap(({ users }) => users), ...members])];
      for (const some of inParts(people, homes.batch))
        await attempt.write((fenced) => homes.markStale(fenced, null, some));
      return { status: 'postponed', seconds: 0, effect: { kind, service: id, version, after: 0 } };
    },

    /** Tells the approval channel, as it was before the change or is after it, that the rules are looser. */
    async tell({ service: id, version, when }: Of<'rules'>, attempt: Attempt): Promise<void> {
      const [service, change] = await Promise.all([services.find(db, id), services.findChange(db, id, version)]);
      if (!service || !change) return;
      const to = approvalChannel({ ...service, ...(when === 'before' ? change.before : change.after) }, config.policy);
      const marker = {
        event_type: 'registrar_rules',
        event_payload: { service: id, public_id: service.publicId, version, when },
      };
      await postOnce({ db, poster, attempt }, { to, marker, since: change.at }, () =>
        hideChannelsIn(ruleChangeMessage(service, change), to, { directory }),
      );
    },
  };
}
