/** Incidents of channels: resolves those whose channel the bot can post to again, in case Slack's event was lost. */
import * as incidents from '../../../db/outbox/incidents.ts';
import type { Deps } from '../../../deps.ts';
import { slackErrorCode } from '../../../slack/errors.ts';

/** How many channels are probed at a time. Slack allows 50 calls a minute (https://docs.slack.dev/apis/web-api/rate-limits). */
const maxChannels = 10;

/** Probes the channels with an open incident, those first that were probed longest ago. */
export async function probeIncidents({ db, poster }: Deps): Promise<void> {
  for (const destination of await incidents.nextToProbe(db, maxChannels)) {
    if (!(await canPost(destination))) continue;
    await db.tables.transaction((tx) => incidents.resolve(tx, db.outbox.enqueue, { destination }));
  }

  async function canPost(channel: string): Promise<boolean> {
    try {
      const { channel: known } = await poster.conversations.info({ channel });
      return known?.is_archived === false && known.is_member === true;
    } catch (error) {
      if (slackErrorCode(error)) return false;
      throw error;
    }
  }
}
