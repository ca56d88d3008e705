import type { Attempt, Delivery } from '../../db/outbox/types.ts';
import * as digests from '../../db/scheduling/digests.ts';
import type { Deps } from '../../deps.ts';
import { hasBars, isQuiet, type Week } from '../../domain/digest.ts';
import type { Effect } from '../../domain/effects.ts';
import { platformError } from '../../slack/errors.ts';
import { isNotReady, upload } from '../../slack/files.ts';
import { findPosted, linkTo, type Mark, post } from '../../slack/messages.ts';
import { bars, digest } from '../../views/channel/digest.ts';

type Digest = Extract<Effect, { kind: 'digest' }>;

const delivered: Delivery = { end: 'delivered' };

/** How long a digest waits for its picture before it goes without, in milliseconds; and for Slack to look through it, in seconds. */
const waitsFor = 3_600_000;
const readyAfter = 1;

/** Slack's words for trouble of its own, which passes. */
const passing = ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'];

/** What an operator can do where Slack refuses the picture. */
const mending: Record<string, string> = {
  missing_scope: 'give the app the scope files:write, as the manifests do, and install it anew',
  file_uploads_disabled: 'the workspace allows no uploads',
  storage_limit_reached: 'the workspace has no room left for files',
};

export function deliverDigest({ config, db, poster, now, log }: Deps) {
  return async (effect: Digest, attempt: Attempt): Promise<Delivery> => {
    const { channel, at } = effect;
    const { ADMIN_CHANNEL: adminChannel, TIME_ZONE: timeZone } = config;
    const week = await digests.week(db, { channel, at, adminChannel, timeZone });
    if (isQuiet(week)) return delivered;
    const mark: Mark = { event_type: 'registrar_digest', event_payload: { at } };
    if (!attempt.first && (await findPosted(poster, channel, mark, new Date(at)))) return delivered;

    const waits = now().getTime() - new Date(at).getTime() < waitsFor;
    const picture = waits ? effect.picture : undefined;
    if (waits && !picture && hasBars(week)) {
      const uploaded = await uploadChart(week);
      if (uploaded) return { end: 'later', seconds: readyAfter, as: { ...effect, picture: uploaded } };
    }
    if (!waits && hasBars(week)) log.warn({ channel, at }, 'the digest is late, and goes without its picture');
    const { oldest } = week;
    const link = oldest?.channel && oldest.ts ? await linkTo(poster, oldest.channel, oldest.ts) : undefined;
    try {
      await post({ db, poster, attempt }, channel, digest(week, { link, picture }, now()), mark);
    } catch (error) {
      if (!picture || !isNotReady(error)) throw error;
      return { end: 'later', seconds: readyAfter };
    }
    return delivered;
  };

  /** Undefined where this machine or this workspace takes no picture; an outage rejects, and is tried again. */
  async function uploadChart(week: Week): Promise<string | undefined> {
    const drawn = await draw(week);
    if (!drawn) return undefined;
    try {
      return await upload(poster, 'requests.png', drawn);
    } catch (error) {
      const word = platformError(error);
      if (!word || passing.includes(word)) throw error;
      log.warn({ err: error }, `the digest goes without its picture (${word}): ${mending[word] ?? 'Slack refuses it'}`);
      return undefined;
    }
  }

  /** The library is loaded when it is first needed: it is large, and no digest is worth not starting for. */
  async function draw(week: Week) {
    try {
      const { chart } = await import('./digest-chart.ts');
      return chart(bars(week));
    } catch (error) {
      log.error({ err: error }, 'this machine cannot draw: the digest goes without its picture');
      return undefined;
    }
  }
}
