/** An application has changed, or an owner has left Slack: what has to follow is found out, some at a time, and approvers hear of new owners. */
import * as events from '../../db/application/events.ts';
import * as ownerless from '../../db/application/ownerless.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { ownershipMessage } from '../../views/application/messages.ts';

type Of<Kind extends ApplicationEffect['kind']> = Extract<ApplicationEffect, { kind: Kind }>;

/** How many services a message names. */
const maxListed = 10;

export function deliverApplicationChanged({ config, db, poster, directory, now }: Deps) {
  return {
    /** Enqueues updates of the Homes and the cards that show an event of an application. */
    async show({ application, version, after }: Of<'application'>, attempt: Attempt): Promise<void> {
      await attempt.write((fenced) => events.enqueueUpdates(fenced, application, version, after));
    },

    /** Tells an approval channel that an application has other owners, which has something, or waits for it, there. */
    async tell({ application, version, place }: Of<'ownership'>, attempt: Attempt): Promise<void> {
      const event = await events.find(db, application, version);
      if (!event) return;
      const { services, total } = await events.listServices(db, application, place, maxListed);
      const to = place ?? config.policy.adminChannel;
      const marker = {
        event_type: 'registrar_ownership',
        event_payload: { application, public_id: event.publicId, version },
      };
      await postOnce({ db, poster, attempt }, { to, marker, since: event.at }, () =>
        ownershipMessage(event, services, total),
      );
    },

    /**
     * Takes what a person owned from them, a batch each second: it does not fill the outbox. Slack is asked each time, because
     * the word that they have left may have been late, and they are back.
     */
    async depart({ person }: Of<'departure'>, attempt: Attempt): Promise<DeliveryResult> {
      if ((await directory.member(person, 0))?.account !== 'deactivated') return { status: 'delivered' };
      const more = await attempt.write((fenced) => ownerless.removeOwner(fenced, person, now()));
      return more ? { status: 'postponed', seconds: 1 } : { status: 'delivered' };
    },

    /** Looks for owners who have left, a page of the workspace's members at a time: Slack allows 20 pages a minute. */
    async sweep({ kind, cursor }: Of<'departures'>, attempt: Attempt): Promise<DeliveryResult> {
      const page = await poster.users.list({ limit: 1000, ...(cursor ? { cursor } : {}) });
      const left = (page.members ?? []).flatMap(({ id, deleted }) => (id && deleted ? [id] : []));
      await attempt.write((fenced) => ownerless.onOwnersLeft(fenced, left));
      const next = page.response_metadata?.next_cursor;
      if (!next) return { status: 'delivered' };
      return { status: 'postponed', seconds: 3, effect: { kind, cursor: next } };
    },
  };
}
