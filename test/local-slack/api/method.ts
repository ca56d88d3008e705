/** What a method of the Web API is: the scope it needs, its rate limit, what it does. */
import type { WorkspaceContext } from '../context.ts';
import type { Channel } from '../model.ts';
import { refuse } from '../refusal.ts';
import type { Args } from './arguments.ts';

/** Calls a minute: docs.slack.dev/apis/web-api/rate-limits. `special` is several hundred. */
export const tiers = { 1: 1, 2: 20, 3: 50, 4: 100, special: 300 } as const;

export type Method = {
  /** Conversations have a scope for each kind: `channels:read`, `groups:read`, `im:read`. */
  scope?: string | { byKind: 'read' | 'history' };
  tier: keyof typeof tiers;
  token?: 'app';
  run: (args: Args, context: WorkspaceContext) => Record<string, unknown>;
};

const family = { public: 'channels', private: 'groups', im: 'im' } as const satisfies Record<Channel['kind'], string>;

export const kindScope = (kind: Channel['kind'], right: 'read' | 'history') => `${family[kind]}:${right}`;

export function requireScope({ state }: WorkspaceContext, needed: string): void {
  const { scopes } = state.app;
  if (!scopes.includes(needed)) refuse('missing_scope', { needed, provided: scopes.join(',') });
}

export const isBotIn = ({ state }: WorkspaceContext, channel: Channel) => channel.members.includes(state.app.botUser);

/** A channel as the bot may know it: a private one that it is not in does not exist for it. */
export function visibleChannel(context: WorkspaceContext, id: string): Channel {
  const channel = context.state.channels.get(id) ?? refuse('channel_not_found');
  if (channel.kind !== 'public' && !isBotIn(context, channel)) refuse('channel_not_found');
  return channel;
}
