/** Slash commands. */

import type { WorkspaceContext } from '../context.ts';
import * as payloads from '../delivery/payloads.ts';
import type { Answer } from '../model.ts';
import { Refusal } from '../refusal.ts';
import { answer } from '../responses.ts';
import { commandFailed, done, failed, readOnly, unknownCommand } from './failed.ts';

export async function command(
  context: WorkspaceContext,
  memberId: string,
  channelId: string,
  typed: string,
): Promise<Answer> {
  const { state } = context;
  const channel = state.channel(channelId);
  const member = state.member(memberId);
  if (member.deleted) return failed('account_inactive');
  if (!channel.members.includes(member.id)) return failed('not_in_channel');
  if (channel.kind === 'im' && state.app.readOnlyMessages) return failed(readOnly(state.app.name));
  const [name = ''] = typed.trim().split(/\s/);
  if (!state.app.commands.some(({ command: known }) => known === name)) return failed(unknownCommand(name));
  const payload = payloads.command(context, member.id, channel, typed);
  const receipt = await context.deliver(payload);
  if (!receipt.ok) return commandFailed(String(payload.command), receipt);
  if (receipt.body === undefined) return done;
  try {
    answer(state, { memberId: member.id, channelId: channel.id }, receipt.body);
    return done;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.protocolViolations.push(
      `answered ${String(payload.command)} badly: ${error.error} ${JSON.stringify(error.more)}`,
    );
    return commandFailed(String(payload.command), { ok: false, error: 'dispatch_failed' });
  }
}
