/** Posts a channel's digest, once: with its chart, or without it where Slack does not take the chart. */
import type { Attempt } from '../../db/outbox/types.ts';
import * as digests from '../../db/scheduling/digests.ts';
import type { Deps } from '../../deps.ts';
import { hasBars, isEmpty } from '../../domain/digest.ts';
import type { Effect } from '../../domain/effects.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { fetchPermalink, findEarlier, post } from '../../slack/messages.ts';
import { digestMessage } from '../../views/channel/digest.ts';
import { isSeenFrom } from '../shared/card-readers.ts';

type Digest = Extract<Effect, { kind: 'digest' }>;

/** What an operator can do where Slack refuses the chart. */
const remedy =
  'Slack enables data_visualization blocks workspace by workspace, and the chart appears once this one has them. ' +
  "If it never does, ask Slack's support; Slack's reason is in the line before, from slack-sdk";

export function deliverDigest({ config, db, poster, directory, now, log }: Deps) {
  return async ({ channel, at }: Digest, attempt: Attempt): Promise<void> => {
    const { TIME_ZONE: timeZone } = config;
    const { adminChannel } = config.policy;
    const week = await digests.summarizeWeek(db, { channel, at, adminChannel, timeZone });
    if (isEmpty(week)) return;
    const context = { db, poster, attempt };
    const posting = {
      to: channel,
      marker: { event_type: 'registrar_digest', event_payload: { at } },
      since: new Date(at),
    };
    if (await findEarlier(context, posting)) return;

    const { oldest } = week;
    const card = oldest?.channel && (await isSeenFrom(channel, oldest.channel, { directory })) ? oldest : undefined;
    const link = card?.channel && card.ts ? await fetchPermalink(poster, card.channel, card.ts) : undefined;
    const postDigest = (withChart: boolean) => post(context, posting, digestMessage(week, { link, withChart }, now()));
    try {
      await postDigest(true);
    } catch (error) {
      // Refused, so nothing was posted: the second post is the first that can be seen.
      if (slackErrorCode(error) !== 'invalid_blocks' || !hasBars(week)) throw error;
      log.warn({ err: error, channel, at }, `Slack refused the digest's chart, posting it without: ${remedy}`);
      await postDigest(false);
    }
  };
}
