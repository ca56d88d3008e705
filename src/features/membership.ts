/** Slack tells of people who join and leave channels and groups: what is remembered of those is forgotten at once. */
import type { App } from '@slack/bolt';
import type { Deps } from '../deps.ts';

export function membership(app: App, { directory }: Deps): void {
  app.event('member_joined_channel', async ({ event }) => directory.forget(event.channel));
  app.event('member_left_channel', async ({ event }) => directory.forget(event.channel));
  app.event('subteam_members_changed', async ({ event }) => directory.forget(event.subteam_id));
}
