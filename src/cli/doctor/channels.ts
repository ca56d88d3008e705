/** Checks that the bot can post in each channel that it uses, and read what it posted there. */
import type { WebClient } from '@slack/web-api';
import { audienceOf } from '../../slack/channels-and-groups.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { type CheckResult, checkEach, errorSummary, fail, joinList, ok, warn } from './check-result.ts';

/** Where each channel is set: the names of variables, and the slugs of services. */
export type ChannelUse = Map<string, string[]>;

/** The channels whose members decide, because no approvers are named. */
export type DecidedByMembers = ReadonlySet<string>;

/** Slack's limit is about 50 channels a minute (https://docs.slack.dev/apis/web-api/rate-limits), shared with the bot. */
const maxChannels = 20;

/** Checks up to `maxChannels` channels, in the order given. */
export async function checkChannels(
  client: WebClient,
  uses: ChannelUse,
  decided: DecidedByMembers,
): Promise<{ findings: CheckResult[] }> {
  const all = [...uses];
  const findings = await checkEach(all.slice(0, maxChannels), ([id, by]) =>
    checkChannel(client, id, by, decided.has(id)),
  );
  const unchecked = all.length - maxChannels;
  if (unchecked > 0)
    findings.push(warn('channels', `${unchecked} more were not checked, to stay within Slack's rate limits.`));
  return { findings };
}

const open = {
  anybody: 'public, and no approvers are named: everyone who joins can decide. Set APPROVERS, or make it private.',
  shared: 'shared with another organization, and no approvers are named: people it invites can decide. Set APPROVERS.',
};

async function checkChannel(client: WebClient, id: string, by: string[], membersDecide: boolean): Promise<CheckResult> {
  const about = `channel ${id}`;
  const set = `It is set for ${joinList(by)}.`;
  try {
    const { channel } = await client.conversations.info({ channel: id });
    if (channel?.is_archived) return fail(about, `archived. Unarchive it, or set another. ${set}`);
    if (!channel?.is_member) return fail(about, `without the bot. Invite it there: /invite @Registrar. ${set}`);
    await client.conversations.history({ channel: id, limit: 1 });
    const audience = audienceOf(channel);
    if (membersDecide && audience !== 'invited') return fail(about, `${open[audience]} ${set}`);
    return ok(about, `#${channel.name}, for ${joinList(by)}.`);
  } catch (error) {
    if (slackErrorCode(error) === 'channel_not_found')
      return fail(about, `not there, or private and without the bot. Invite it there, or set another. ${set}`);
    if (slackErrorCode(error) === 'missing_scope')
      return fail(about, `cannot be looked at: the app lacks a scope (see scopes). ${set}`);
    return warn(about, `not known: ${errorSummary(error)}. ${set}`);
  }
}
