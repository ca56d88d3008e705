/** The message to the admins about an application that nobody owns: posted once, and redrawn when one of them has answered. */
import * as orphans from '../../db/application/ownerless.ts';
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { findEarlier, post, update } from '../../slack/messages.ts';
import { ownerlessMessage } from '../../views/application/messages.ts';

type Orphan = Extract<ApplicationEffect, { kind: 'orphan' }>;

export function deliverOwnerlessApplication({ config, db, poster }: Pick<Deps, 'config' | 'db' | 'poster'>) {
  return async ({ application, version }: Orphan, attempt: Attempt): Promise<void> => {
    const orphan = await orphans.find(db, application, version);
    if (!orphan) return;
    const message = ownerlessMessage(orphan);
    const { adminChannel } = config.policy;
    const context = { db, poster, attempt };
    const marker = { event_type: 'registrar_orphan', event_payload: { application, version } };
    const posting = { to: adminChannel, marker, since: orphan.since };
    const posted = orphan.place ?? (await findEarlier(context, posting));
    const shown = posted && (await update(poster, posted, message)) ? posted : await post(context, posting, message);
    await orphans.recordPosted(db, application, version, shown);
  };
}
