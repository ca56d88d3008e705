/** Looks whether channels that took no posts take them again, in case Slack's word of it was lost. */

import * as incidents from '../../../db/outbox/incidents.ts';
import type { Deps } from '../../../deps.ts';
import { slackErrorCode } from '../../../slack/errors.ts';

/** Of the 50 calls a minute that Slack allows (https://docs.slack.dev/apis/web-api/rate-limits), few. */
const channelsAtMost = 10;

export async function probeIncidents({ db, poster }: Deps): Promise<void> {
  for (const destination of await incidents.nextToProbe(db, channelsAtMost)) {
    if (!(await open(destination))) continue;
    await db.tables.transaction((tx) => incidents.resolve(tx, db.outbox.enqueue, { destination }));
  }

  async function open(channel: string): Promise<boolean> {
    try {
      const { channel: known } = await poster.conversations.info({ channel });
      return known?.is_archived === false && known.is_member === true;
    } catch (error) {
      if (slackErrorCode(error)) return false;
      throw error;
    }
  }
}
