/**
 * Slack tells of people who join and leave channels and groups, and of those whose account changes: what is remembered of
 * them is forgotten at once, here and in every other replica. Who has been deactivated owns nothing any more.
 * Where the bot may post again, it posts what waited.
 */
import type { App } from '@slack/bolt';
import * as orphans from '../db/application/ownerless.ts';
import * as outdated from '../db/cache-invalidation.ts';
import * as incidents from '../db/outbox/incidents.ts';
import type { Deps } from '../deps.ts';

export function followWorkspace(app: App, { db, directory }: Deps): void {
  async function forget(id: string): Promise<void> {
    directory.invalidate(id);
    await outdated.publishInvalidation(db, id);
  }

  /** What could not be posted to a channel follows at once. */
  const reachable = (channel: string) =>
    db.tables.transaction((tx) => incidents.resolve(tx, db.outbox.enqueue, { destination: channel }));

  app.event('member_joined_channel', async ({ event, context }) => {
    await forget(event.channel);
    if (event.user === context.botUserId) await reachable(event.channel);
  });
  for (const unarchived of ['channel_unarchive', 'group_unarchive'] as const) {
    app.event(unarchived, ({ event }) => reachable(event.channel));
  }
  app.event('member_left_channel', async ({ event }) => forget(event.channel));
  app.event('subteam_members_changed', async ({ event }) => forget(event.subteam_id));
  app.event('user_change', async ({ event }) => {
    const { id, deleted } = event.user;
    await forget(id);
    if (deleted) await orphans.onOwnerLeft(db, id);
  });
}
