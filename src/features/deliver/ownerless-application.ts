/** The message to the admins about an application that nobody owns: posted once, and redrawn when one of them has answered. */
import * as orphans from '../../db/application/ownerless.ts';
import type { Attempt } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationEffect } from '../../domain/effects.ts';
import { findPosted, type MessageMarker, post, update } from '../../slack/messages.ts';
import { ownerlessMessage } from '../../views/application/messages.ts';

type Orphan = Extract<ApplicationEffect, { kind: 'orphan' }>;

export function deliverOwnerlessApplication({ config, db, poster }: Pick<Deps, 'config' | 'db' | 'poster'>) {
  return async ({ application, version }: Orphan, attempt: Attempt): Promise<void> => {
    const orphan = await orphans.find(db, application, version);
    if (!orphan) return;
    const message = ownerlessMessage(orphan);
    const { adminChannel } = config.policy;
    const mark: MessageMarker = { event_type: 'registrar_orphan', event_payload: { application, version } };
    let { place } = orphan;
    if (!place && !attempt.first) {
      const ts = await findPosted(poster, adminChannel, mark, orphan.since);
      if (ts) place = { channel: adminChannel, ts };
    }
    const stands = place && (await update(poster, place, message)) ? place : undefined;
    await orphans.recordPosted(
      db,
      application,
      version,
      stands ?? (await post({ db, poster, attempt }, adminChannel, message, mark)),
    );
  };
}
