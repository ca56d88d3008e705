/** Decides what a failed delivery means: to wait, to retry or to give up; and what an operator can do about it. */
import type { DeliveryResult } from '../../db/outbox/types.ts';
import { destinationOf, type Effect } from '../../domain/effects.ts';
import { stripInvisible } from '../../domain/names.ts';
import { truncate } from '../../domain/text.ts';
import { permanentFailure } from '../../email.ts';
import { authErrors, isRefusal, slackErrorCode } from '../../slack/errors.ts';
import { HistoryThrottled } from '../../slack/history-search.ts';
import { ChannelThrottled, channelErrors, failedChannel, userGoneErrors } from '../../slack/messages.ts';

/**
 * Classifies the error of a delivery. What waits for a channel or its history is postponed. What no retry helps is a dead
 * letter. The rest is retried by the outbox.
 */
export function classifyError(error: unknown, effect: Effect, permanentErrors: readonly string[]): DeliveryResult {
  if (error instanceof ChannelThrottled)
    return { status: 'postponed', seconds: error.slot.seconds, slot: error.slot.at };
  if (error instanceof HistoryThrottled) return { status: 'postponed', seconds: error.seconds, unsure: true };
  const word = slackErrorCode(error);
  const destination = failedDestination(effect, error);
  const permanent = word && permanentErrors.includes(word) ? word : permanentFailure(error);
  if (permanent) return { status: 'dead', destination, cause: permanent, error };
  const remedy = remedies[word ?? codeOf(error)];
  // A Slack that answers with nonsense says it as its word, which is shown in a message and on a terminal.
  const cause = truncate(stripInvisible(word ?? (codeOf(error) || nameOf(error))), 100);
  const retry = { status: 'retry', cause, error, remedy, refused: isRefusal(error) } as const;
  if (authErrors.includes(cause)) return { ...retry, destination: 'slack', needsHuman: true };
  return { ...retry, destination, needsHuman: needHuman.includes(cause) };
}

/** Names an error. Never the whole of it: what people wrote may be in it. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Returns where the message should have gone: the channel that Slack refused it in, or its kind. A look-up goes to Slack itself. */
function failedDestination(effect: Effect, error: unknown): string {
  const channel = failedChannel(error) ?? '';
  if (/^[CG]/.test(channel)) return channel;
  const destination = destinationOf(effect);
  return destination === 'database' && isRefusal(error) ? 'slack' : destination;
}

/** Slack's words for what fails in the same way each time, until a human resolves it. */
const needHuman = [...channelErrors, 'messages_tab_disabled', 'missing_scope', 'not_enabled'];

/** Slack's words for a message of ours that it does not take. */
export const malformed = [
  'invalid_blocks',
  'invalid_arguments',
  'msg_too_long',
  'msg_blocks_too_long',
  'no_text',
  'metadata_too_large',
];

/** Slack's words for a person who cannot be written to. */
export const unreachablePerson = ['channel_not_found', ...userGoneErrors];

/** Returns the code of a failed call that was not made to Slack. */
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** What an operator can do about the others: the retries go on for a week, and the message then follows by itself. */
const remedies: Record<string, string> = {
  channel_not_found: 'the channel is not there, or private and without the bot: invite the bot, or change the setting',
  not_in_channel: 'the bot is not in the channel: invite it, and the message follows',
  is_archived: 'the channel is archived: unarchive it, or change the setting',
  is_inactive: 'the channel is archived: unarchive it, or change the setting',
  invalid_auth: 'Slack does not accept the token: set a new SLACK_BOT_TOKEN',
  missing_scope: 'Slack does not let the app do this: give it the scopes of the manifests, and install it again',
  EAUTH: 'the mail server does not accept the login: correct SMTP_URL',
  messages_tab_disabled: 'the app takes no direct messages: enable the messages tab, as the manifests do',
  not_enabled: 'the app has no Home: enable the home tab, as the manifests do',
};
