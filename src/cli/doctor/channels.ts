/** Whether the bot can post in each channel that requests, reminders and news go to, and look there for what it posted. */
import type { WebClient } from '@slack/web-api';
import { slackErrorCode } from '../../slack/errors.ts';
import { type CheckResult, checkEach, errorSummary, fail, joinList, ok, warn } from './check-result.ts';

/** Where a channel is named: `ADMIN_CHANNEL`, or the slugs of services. */
export type ChannelUse = Map<string, string[]>;

/** Slack answers about 50 channels a minute. */
const atMost = 20;

export async function checkChannels(client: WebClient, named: ChannelUse): Promise<{ findings: CheckResult[] }> {
  const all = [...named];
  const findings = await checkEach(all.slice(0, atMost), ([id, by]) => examineChannel(client, id, by));
  const left = all.length - atMost;
  if (left > 0) findings.push(warn('channels', `${left} more are not looked at, for Slack answers only so often.`));
  return { findings };
}

async function examineChannel(client: WebClient, id: string, by: string[]): Promise<CheckResult> {
  const about = `channel ${id}`;
  const set = `It is set for ${joinList(by)}.`;
  try {
    const { channel } = await client.conversations.info({ channel: id });
    if (channel?.is_archived) return fail(about, `archived. Unarchive it, or set another. ${set}`);
    if (!channel?.is_member) return fail(about, `without the bot. Invite it there: /invite @Registrar. ${set}`);
    await client.conversations.history({ channel: id, limit: 1 });
    return ok(about, `#${channel.name}, for ${joinList(by)}.`);
  } catch (error) {
    if (slackErrorCode(error) === 'channel_not_found')
      return fail(about, `not there, or private and without the bot. Invite it there, or set another. ${set}`);
    if (slackErrorCode(error) === 'missing_scope')
      return fail(about, `cannot be looked at: the app lacks a scope (see scopes). ${set}`);
    return warn(about, `not known: ${errorSummary(error)}. ${set}`);
  }
}
