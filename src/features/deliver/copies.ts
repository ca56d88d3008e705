/** Looks whether a message is there twice, because Slack stored it after an attempt had given it up, and leaves one of them. */
import { findRecorded } from '../../db/outbox/recorded-messages.ts';
import { isBusy } from '../../db/outbox/store.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import type { Deps } from '../../deps.ts';
import type { CopiesEffect } from '../../domain/effects.ts';
import { deleteOrReplace, findAll, permalinkFor } from '../../slack/messages.ts';
import { copyMessage } from '../../views/channel/copy.ts';

/** How long it waits while the message is still being posted, in seconds. */
const busyFor = 30;

export function deliverCopies({ db, poster, directory, log }: Deps) {
  return async (effect: CopiesEffect, attempt: Attempt): Promise<DeliveryResult> => {
    const { of, channel } = effect;
    if (await isBusy(db, of)) return { status: 'postponed', seconds: busyFor };
    const found = await findAll({ db, poster }, effect);
    // What is being posted is not recorded yet. Whatever was found is, or never will be, once the lane is empty.
    if (await isBusy(db, of)) return { status: 'postponed', seconds: busyFor };
    const kept = await findKept(effect, found);
    for (const ts of found.filter((one) => !kept.includes(one))) {
      attempt.signal.throwIfAborted();
      const [original] = kept;
      const url = original && (await directory.workspaceUrl().catch(() => undefined));
      const link = original && url ? permalinkFor(url, { channel, ts: original }) : undefined;
      await deleteOrReplace({ poster, attempt }, { channel, ts }, copyMessage(link));
      log.info({ channel, ts, of }, 'message was posted twice, the copy is removed');
    }
    return { status: 'delivered' };
  };

  /** Finds which stays: what the rows know, or what was posted last. Of what no row knows, people have read the first. */
  async function findKept(effect: CopiesEffect, found: string[]): Promise<string[]> {
    const recorded = await findRecorded(db, effect);
    if (recorded && recorded.length > 0) return recorded;
    if (effect.posted !== null) return [effect.posted];
    return recorded ? [] : found.toSorted((one, other) => Number(one) - Number(other)).slice(0, 1);
  }
}
