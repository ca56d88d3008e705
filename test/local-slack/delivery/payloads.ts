/** The payloads as Slack writes them: every field of the recorded samples, in both delivery modes. */
import type { WorkspaceContext } from '../context.ts';
import { wired as wiredMessage } from '../messages.ts';
import type { Channel, Message, View } from '../model.ts';
import { escaped } from '../text/mrkdwn.ts';
import { wired as wiredView } from '../views.ts';
import type { Payload } from './envelope.ts';

/** The deprecated verification token, which still stands in every payload. */
const TOKEN = 'deprecated-verification-token';

const channelName = (channel: Channel) =>
  channel.kind === 'im' ? 'directmessage' : channel.kind === 'private' ? 'privategroup' : channel.name;

function actor({ state }: WorkspaceContext, memberId: string) {
  const member = state.member(memberId);
  return {
    user: { id: member.id, username: member.name, name: member.name, team_id: member.teamId },
    team: { id: member.teamId, domain: member.teamId === state.team.id ? state.team.domain : 'another-team' },
    api_app_id: state.app.id,
    token: TOKEN,
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** Slack escapes `&`, `<` and `>` in what was typed. */
export function command(context: WorkspaceContext, memberId: string, channel: Channel, typed: string): Payload {
  const [, name = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(typed.trim()) ?? [];
  const { state } = context;
  const member = state.member(memberId);
  return {
    token: TOKEN,
    team_id: member.teamId,
    team_domain: state.team.domain,
    channel_id: channel.id,
    channel_name: channelName(channel),
    user_id: member.id,
    user_name: member.name,
    command: name,
    text: escaped(rest),
    api_app_id: state.app.id,
    is_enterprise_install: 'false',
    response_url: context.responseUrl(context.responses.issue(memberId, channel.id)),
    trigger_id: context.triggers.issue(memberId),
  };
}

/** Where a user acts: a message (as their screen shows it) or a view. */
export type Spot = { message: Message } | { view: View };

function spotted(context: WorkspaceContext, spot: Spot): Payload {
  const { state } = context;
  if ('view' in spot) return { container: { type: 'view', view_id: spot.view.id }, view: wiredView(state, spot.view) };
  const { message } = spot;
  const channel = state.channel(message.channel);
  const isEphemeral = message.ephemeralTo !== undefined;
  return {
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...(message.thread_ts && { thread_ts: message.thread_ts }),
    },
    channel: { id: channel.id, name: channelName(channel) },
    ...(!isEphemeral && { message: wiredMessage(state, message) }),
  };
}

export function blockActions(context: WorkspaceContext, memberId: string, spot: Spot, action: Payload): Payload {
  const inView = 'view' in spot;
  return {
    type: 'block_actions',
    ...actor(context, memberId),
    ...spotted(context, spot),
    trigger_id: context.triggers.issue(memberId, inView ? spot.view.id : undefined),
    state: inView ? structuredClone(spot.view.state) : { values: {} },
    ...(!inView && {
      response_url: context.responseUrl(context.responses.issue(memberId, spot.message.channel, spot.message.ts)),
    }),
    actions: [{ ...structuredClone(action), action_ts: context.state.nextTs() }],
  };
}

export function suggestion(
  context: WorkspaceContext,
  memberId: string,
  spot: Spot,
  asked: { action_id: string; block_id: string; value: string },
): Payload {
  return { type: 'block_suggestion', ...actor(context, memberId), ...spotted(context, spot), ...asked };
}

export function submission(context: WorkspaceContext, memberId: string, view: View): Payload {
  return {
    type: 'view_submission',
    ...actor(context, memberId),
    trigger_id: context.triggers.issue(memberId, view.id),
    view: wiredView(context.state, view),
    response_urls: [],
  };
}

export function closing(context: WorkspaceContext, memberId: string, view: View, isCleared: boolean): Payload {
  return {
    type: 'view_closed',
    ...actor(context, memberId),
    view: wiredView(context.state, view),
    is_cleared: isCleared,
  };
}

export function event({ state }: WorkspaceContext, given: Payload): Payload {
  const ts = state.nextTs();
  return {
    token: TOKEN,
    team_id: state.team.id,
    context_team_id: state.team.id,
    context_enterprise_id: null,
    api_app_id: state.app.id,
    event: { ...given, event_ts: ts },
    type: 'event_callback',
    event_id: state.nextId('Ev'),
    event_time: Math.floor(state.now() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: state.team.id,
        user_id: state.app.botUser,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${state.nextId('E')}`,
  };
}
