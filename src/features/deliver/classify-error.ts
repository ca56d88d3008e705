/** A delivery failed: whether to wait, to put it aside or to try again, and what an operator can do about it. */
import { WebAPIRateLimitedError } from '@slack/web-api';
import * as troubles from '../../db/outbox/incidents.ts';
import type { Delivery } from '../../db/outbox/types.ts';
import type { Effect } from '../../domain/effects.ts';
import { stripInvisible } from '../../domain/names.ts';
import { truncate } from '../../domain/text.ts';
import { permanentFailure } from '../../email.ts';
import type { Log } from '../../observability/log.ts';
import { authErrors, slackErrorCode } from '../../slack/errors.ts';
import { ChannelThrottled, channelErrors, failedChannel, userGoneErrors } from '../../slack/messages.ts';

/** A rate limit, or a channel's turn, says how long to wait. What no retry mends is put aside. The rest is tried again, by the outbox. */
export function classifyError(error: unknown, effect: Effect, log: Log): Delivery {
  if (error instanceof ChannelThrottled) return { end: 'later', seconds: error.turn.seconds, turn: error.turn.at };
  if (error instanceof WebAPIRateLimitedError) return { end: 'later', seconds: error.retryAfter };
  const word = slackErrorCode(error);
  const about = { err: error, effect };
  const why = word && hopeless[effect.kind].includes(word) ? word : permanentFailure(error);
  if (why) {
    log.error(about, `a message can never be delivered (${why}) and was put aside`);
    return { end: 'undeliverable', why, place: placeOf(effect, error) };
  }
  log.warn(about, mending[word ?? codeOf(error)] ?? 'a message could not be delivered; it is tried again');
  // A Slack that answers with nonsense says it as its word, which stands in a message and on a terminal.
  const cause = truncate(stripInvisible(word ?? (codeOf(error) || nameOf(error))), 100);
  if (authErrors.includes(cause)) return { end: 'again', why: cause, place: 'slack', stands: true };
  return { end: 'again', why: cause, place: placeOf(effect, error), stands: standing.includes(cause) };
}

/** Never the whole error: what people wrote may be in it. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Where it should have gone: the channel that Slack did not take it in, or what kind of message it is. */
function placeOf(effect: Effect, error: unknown): string {
  const channel = failedChannel(error) ?? '';
  if (/^[CG]/.test(channel)) return channel;
  return troubles.placeOf(effect);
}

/** Slack's words for what fails in the same way each time, until a human mends it: one is told at once. */
const standing = [...channelErrors, 'messages_tab_disabled', 'missing_scope', 'not_enabled'];

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

/** Slack's words for somebody who cannot be written to. */
const nobody = ['channel_not_found', ...userGoneErrors];

/** Slack's words for what no retry mends: a message of ours that it does not take, a person who is not there any more. */
const hopeless: Record<Effect['kind'], readonly string[]> = {
  card: malformed,
  reminder: malformed,
  digest: malformed,
  waiting: [...malformed, ...nobody],
  stopped: malformed,
  // A mail server has words of its own (src/mail.ts).
  mail: [],
  homes: [],
  catalog: [],
  service: [],
  queues: [],
  moved: malformed,
  home: [...malformed, 'view_too_large'],
  notice: [...malformed, ...nobody],
  application: [],
  departure: [],
  owner: [...malformed, ...nobody],
  orphan: malformed,
  trouble: malformed,
};

/** What an operator can do about the others: the outbox goes on trying for hours, and so mends itself. */
const mending: Record<string, string> = {
  channel_not_found: 'the channel is not there, or private and without the bot: invite the bot, or change the setting',
  not_in_channel: 'the bot is not in the channel: invite it, and the message follows',
  is_archived: 'the channel is archived: unarchive it, or change the setting',
  is_inactive: 'the channel is archived: unarchive it, or change the setting',
  invalid_auth: 'Slack does not accept the token: set SLACK_BOT_TOKEN anew',
  missing_scope: 'Slack does not let the app do this: give it the scopes of the manifests, and install it anew',
  EAUTH: 'the mail server does not accept the login: set SMTP_URL anew',
  messages_tab_disabled: 'the app takes no direct messages: enable the messages tab, as the manifests do',
  not_enabled: 'the app has no Home: enable the home tab, as the manifests do',
};
