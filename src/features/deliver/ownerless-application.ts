/** The message to the admins about applications without an owner: one for all that a person left, updated as each is given one. */
import * as ownerless from '../../db/application/ownerless.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { findEarlier, post, postOnce, update } from '../../slack/messages.ts';
import { ownerlessMessage } from '../../views/application/messages.ts';

type Of<Kind extends ApplicationEffect['kind']> = Extract<ApplicationEffect, { kind: Kind }>;

export function deliverOwnerlessApplications({ config, db, poster }: Pick<Deps, 'config' | 'db' | 'poster'>) {
  const { policy } = config;

  return {
    /** Asks the admins about what a person left. Where that is more than a message takes, another one follows. */
    async ask({ person }: Of<'orphans'>, attempt: Attempt): Promise<DeliveryResult> {
      // One message for all of it: the rest is being taken from them.
      if (await ownerless.isLeaving(db, person)) return { status: 'postponed', seconds: 1 };
      const left = await ownerless.listUnposted(db, person);
      const [first] = left;
      if (!first) return { status: 'delivered' };
      const marker = markerOf(first);
      const posted = await postOnce(
        { db, poster, attempt },
        { to: policy.adminChannel, marker, since: first.since },
        () => ownerlessMessage(left),
      );
      await attempt.write((fenced) => ownerless.recordPosted(fenced, left, posted));
      return left.length < ownerless.maxPosted ? { status: 'delivered' } : { status: 'postponed', seconds: 0 };
    },

    /** Updates the message about an application. One that an older version was about to post is posted alone. */
    async update({ application, version }: Of<'orphan'>, attempt: Attempt): Promise<DeliveryResult> {
      const one = await ownerless.find(db, application, version);
      if (!one) return { status: 'delivered' };
      // An admin may be quicker than Slack's answer to the post.
      if (!one.place && (await ownerless.isAskPending(db, one.left))) return { status: 'postponed', seconds: 1 };
      const context = { db, poster, attempt };
      const posting = { to: policy.adminChannel, marker: markerOf(one), since: one.since };
      const place = one.place ?? (await findEarlier(context, posting));
      const all = one.place ? await ownerless.listPosted(db, one.place) : [one];
      const message = ownerlessMessage(all);
      const shown = place && (await update(context, place, message)) ? place : await post(context, posting, message);
      await attempt.write((fenced) => ownerless.recordPosted(fenced, all, shown));
      return { status: 'delivered' };
    },
  };
}

const markerOf = ({ id, publicId, version }: ownerless.OwnerlessApplication) => ({
  event_type: 'registrar_orphan',
  event_payload: { application: id, public_id: publicId, version },
});
