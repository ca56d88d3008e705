/** What is in the outbox becomes messages: drawn from the rows now, posted once, then kept up to date. */
import { WebAPIRateLimitedError } from '@slack/web-api';
import { platformError } from '../answer.ts';
import * as cards from '../db/cards.ts';
import type { Attempt, Deliver, Delivery } from '../db/outbox.ts';
import * as reminders from '../db/reminders.ts';
import type { Deps } from '../deps.ts';
import type { Effect } from '../domain/registration.ts';
import { refusedForGood } from '../mail.ts';
import { directChannel, findPosted, linkTo, type Mark, post, redraw } from '../posting.ts';
import { card } from '../views/card.ts';
import { decision } from '../views/notices.ts';
import { listed, reminder } from '../views/reminder.ts';

import { deliverHomes } from './deliver/home.ts';
import { deliverMail } from './deliver/mail.ts';

const delivered: Delivery = { end: 'delivered' };

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export function deliver(deps: Deps): Deliver {
  const { config, db, poster, now, log } = deps;
  const homes = deliverHomes(deps);
  const mailed = deliverMail(deps);

  return async (effect, attempt) => {
    try {
      return (await drawnAndPosted(effect, attempt)) ?? delivered;
    } catch (error) {
      return afterFailure(error, effect);
    }
  };

  /** Where it says nothing of how it ended, it ended well. */
  async function drawnAndPosted(effect: Effect, attempt: Attempt): Promise<Delivery | undefined> {
    switch (effect.kind) {
      case 'card':
        await deliverCard(effect.registration, attempt);
        return;
      case 'notice':
        await deliverNotice(effect, attempt);
        return;
      case 'reminder':
        await deliverReminder(effect, attempt);
        return;
      case 'mail':
        return mailed(effect, attempt);
      case 'homes':
        return homes.outdate(effect);
      case 'home':
        return homes.draw(effect, attempt);
    }
  }

  /** Up to date: nothing. Posted: redrawn. Neither: posted, unless an attempt whose end is unknown has done so. */
  async function deliverCard(id: number, attempt: Attempt): Promise<void> {
    const found = await cards.find(db, id, config.policy);
    if (!found) return;
    const { registration } = found;
    const message = card(registration);
    const { version } = registration;
    const mark: Mark = { event_type: 'registrar_card', event_payload: { registration: id } };

    let place = found.place;
    if (!place) {
      const { channel } = registration.approvers;
      const posted =
        attempt.first && version === 1 ? undefined : await findPosted(poster, channel, mark, registration.requestedAt);
      if (posted) place = { channel, ts: posted, version: 0 };
    }
    if (place && place.version >= version) return;
    const stands = place && (await redraw(poster, place, message)) ? place : undefined;
    const { channel, ts } = stands ?? (await post(poster, registration.approvers.channel, message, mark));
    await cards.drawn(db, id, { channel, ts, version });
  }

  /** Tells the requester of the event that made a version. */
  async function deliverNotice({ registration: id, version }: Of<'notice'>, attempt: Attempt): Promise<void> {
    const found = await cards.find(db, id, config.policy);
    const entry = found?.registration.story.find((one) => one.version === version);
    if (!found || !entry) return;
    const { requester } = found.registration;
    const mark: Mark = { event_type: 'registrar_notice', event_payload: { registration: id, version } };
    if (!attempt.first) {
      const channel = await directChannel(poster, requester);
      if (channel && (await findPosted(poster, channel, mark, entry.at))) return;
    }
    await post(poster, requester, decision(found.registration, entry), mark);
  }

  /** Lists what still waits. Where all of it was decided since the tick, nothing is said. */
  async function deliverReminder({ channel, tick, registrations }: Of<'reminder'>, attempt: Attempt): Promise<void> {
    const waiting = await reminders.waiting(db, registrations);
    if (waiting.length === 0) return;
    const mark: Mark = { event_type: 'registrar_reminder', event_payload: { tick } };
    if (!attempt.first && (await findPosted(poster, channel, mark, new Date(tick)))) return;
    const rows = listed(waiting).map(async (one) => ({
      ...one,
      link: one.channel && one.ts ? await linkTo(poster, one.channel, one.ts) : undefined,
    }));
    await post(poster, channel, reminder(await Promise.all(rows), waiting.length, now()), mark);
  }

  /** A rate limit says how long to wait. What no retry mends is kept aside. The rest is tried again, by the outbox. */
  function afterFailure(error: unknown, effect: Effect): Delivery {
    if (error instanceof WebAPIRateLimitedError) return { end: 'later', seconds: error.retryAfter };
    const word = platformError(error);
    const why = word && hopeless[effect.kind].includes(word) ? word : refusedForGood(error);
    const about = { err: error, effect };
    if (why) {
      log.error(about, `a message can never be delivered (${why}) and was put aside`);
      return { end: 'undeliverable', why };
    }
    log.warn(about, mending[word ?? codeOf(error)] ?? 'a message could not be delivered; it is tried again');
    throw error;
  }
}

const malformed = [
  'invalid_blocks',
  'invalid_arguments',
  'msg_too_long',
  'msg_blocks_too_long',
  'no_text',
  'metadata_too_large',
];

/** What a call failed with that was not made to Slack. */
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Slack's words for what no retry mends: a message of ours that it does not take, a person who is not there any more. */
const hopeless: Record<Effect['kind'], readonly string[]> = {
  card: malformed,
  reminder: malformed,
  // A mail server has words of its own (src/mail.ts).
  mail: [],
  homes: [],
  home: [...malformed, 'view_too_large'],
  notice: [...malformed, 'channel_not_found', 'user_not_found', 'user_disabled', 'cannot_dm_bot'],
};

/** What an operator can do about the others: the outbox goes on trying for hours, and so mends itself. */
const mending: Record<string, string> = {
  channel_not_found: 'the channel is not there, or private and without the bot: invite the bot, or change the setting',
  not_in_channel: 'the bot is not in the channel: invite it, and the message follows',
  is_archived: 'the channel is archived: unarchive it, or change the setting',
  invalid_auth: 'Slack does not accept the token: set SLACK_BOT_TOKEN anew',
  missing_scope: 'Slack does not let the app do this: give it the scopes of the manifests, and install it anew',
  EAUTH: 'the mail server does not accept the login: set SMTP_URL anew',
  messages_tab_disabled: 'the app takes no direct messages: enable the messages tab, as the manifests do',
  not_enabled: 'the app has no Home: enable the home tab, as the manifests do',
};
