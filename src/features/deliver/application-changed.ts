/** An application has changed, or an owner has left Slack: what has to follow is found out, some at a time, and approvers hear of new owners. */
import * as approvalChannels from '../../db/application/approval-channels.ts';
import * as events from '../../db/application/events.ts';
import * as ownerless from '../../db/application/ownerless.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import { countAtPlace } from '../../domain/application.ts';
import type { ApplicationEffect, Effect } from '../../domain/effects.ts';
import { postOnce } from '../../slack/messages.ts';
import { ownerLeftMessage, ownershipMessage } from '../../views/application/messages.ts';

type Of<Kind extends ApplicationEffect['kind']> = Extract<ApplicationEffect, { kind: Kind }>;

/** How many services a message names where the job does not say which. */
const maxListed = 10;

/** How many applications that a person left are looked at in one go. */
const lookedAt = 50;

/** A user who acts does not wait for more channels than these. */
const few = 20;

const toTell = (effects: Effect[]): DeliveryResult => ({
  status: 'delivered',
  effects,
  priority: effects.length > few ? 'bulk' : 'act',
});

export function deliverApplicationChanged({ config, db, poster, directory, now }: Deps) {
  return {
    /** Enqueues updates of the Homes and the cards that show an event of an application. */
    async show({ application, version, after }: Of<'application'>, attempt: Attempt): Promise<void> {
      await attempt.write((fenced) => events.enqueueUpdates(fenced, application, version, after));
    },

    /** Finds the approval channels where an application with other owners has something, or waits for it, and has each told. */
    async findPlaces({ after, places, ...effect }: Of<'ownerships'>): Promise<DeliveryResult> {
      const { application, version } = effect;
      const { found, next } = await approvalChannels.listSome(db, application, after);
      const counted = found.reduce((sum, { id, channel }) => countAtPlace(sum, channel, id), places);
      if (next !== undefined)
        return { status: 'postponed', seconds: 0, effect: { ...effect, after: next, places: counted } };
      return toTell(
        counted.map(({ place, first: registrations, total }) => ({
          kind: 'ownership',
          application,
          version,
          place,
          registrations,
          total,
        })),
      );
    },

    /** Tells an approval channel that an application has other owners, which has something, or waits for it, there. */
    async tell({ application, version, place, ...effect }: Of<'ownership'>, attempt: Attempt): Promise<void> {
      const event = await events.find(db, application, version);
      if (!event) return;
      const { registrations, total = 0 } = effect;
      const which = registrations ? { registrations } : { application, place, limit: maxListed };
      const services = await approvalChannels.listServices(db, which);
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

    /**
     * Finds the approval channels of what a person left, once all of it is taken from them, and has each told. The admin
     * channel reads of what has no owner in the message that asks for one.
     */
    async findDeparted(effect: Of<'departed'>): Promise<DeliveryResult> {
      const { person, since } = effect;
      const begin = { application: 0, after: 0, places: [] };
      if (await ownerless.isLeaving(db, person))
        return { status: 'postponed', seconds: 1, effect: { ...effect, ...begin } };
      let { application, after, places } = effect;
      const from = after > 0 ? application - 1 : application;
      const left = await approvalChannels.listLeft(db, person, new Date(since), from, lookedAt);
      for (const { id, ownerless } of left) {
        const { found, next } = await approvalChannels.listSome(db, id, id === application ? after : 0);
        for (const { channel } of found) {
          const asked = ownerless && (channel ?? config.policy.adminChannel) === config.policy.adminChannel;
          if (!asked) places = countAtPlace(places, channel, id);
        }
        application = id;
        after = next ?? 0;
        if (next !== undefined) break;
      }
      if (after > 0 || left.length === lookedAt)
        return { status: 'postponed', seconds: 0, effect: { ...effect, application, after, places } };
      return toTell(
        places.map(({ place, first: applications, total }) => ({
          kind: 'owner-left',
          person,
          since,
          place,
          applications,
          total,
        })),
      );
    },

    /** Tells an approval channel which applications a person who left Slack no longer owns, in one message. */
    async tellDeparted(effect: Of<'owner-left'>, attempt: Attempt): Promise<void> {
      const { person, since, place, applications, total } = effect;
      const left = await approvalChannels.listOwners(db, applications);
      if (left.length === 0) return;
      const to = place ?? config.policy.adminChannel;
      const marker = { event_type: 'registrar_owner_left', event_payload: { person, since } };
      await postOnce({ db, poster, attempt }, { to, marker, since: new Date(since) }, () =>
        ownerLeftMessage(person, left, total - (applications.length - left.length), new Date(since)),
      );
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
