/**
 * Handles the events about channels, user groups and accounts: invalidates what all replicas have cached about them,
 * removes a deactivated owner, resolves the incident of a channel that the bot can post to again, and follows a channel whose
 * id changes.
 */
import type { App } from '@slack/bolt';
import * as ownerless from '../db/application/ownerless.ts';
import * as cacheInvalidation from '../db/cache-invalidation.ts';
import * as channelIds from '../db/channel-ids.ts';
import * as incidents from '../db/outbox/incidents.ts';
import type { Deps } from '../deps.ts';

export function followWorkspace(app: App, { config, db, directory, now, log }: Deps): void {
  /** Invalidates what is cached about an id: here at once, and in the other replicas by the database. */
  async function invalidate(id: string): Promise<void> {
    directory.invalidate(id);
    await cacheInvalidation.publishInvalidation(db, id);
  }

  /** Resolves the incident of a channel, so that the outbox retries at once. */
  const resolveIncident = (channel: string) =>
    db.tables.transaction((tx) => incidents.resolve(tx, db.outbox.enqueue, { destination: channel }));

  app.event('member_joined_channel', async ({ event, context }) => {
    await invalidate(event.channel);
    if (event.user === context.botUserId) await resolveIncident(event.channel);
  });
  for (const unarchived of ['channel_unarchive', 'group_unarchive'] as const) {
    app.event(unarchived, ({ event }) => resolveIncident(event.channel));
  }
  app.event('channel_id_changed', async ({ event: { old_channel_id: from, new_channel_id: to } }) => {
    await channelIds.recordChange(db, { from, to });
    const { adminChannel } = config.policy;
    await channelIds.moveRows(db, adminChannel === from ? to : adminChannel, now());
    log.warn({ from, to }, 'Slack has changed the id of a channel: it is shared with another organization');
  });
  app.event('member_left_channel', async ({ event }) => invalidate(event.channel));
  app.event('subteam_members_changed', async ({ event }) => invalidate(event.subteam_id));
  // Also where the group was disabled: its members decide nothing from then on.
  app.event('subteam_updated', async ({ event }) => invalidate(event.subteam.id));
  app.event('user_change', async ({ event }) => {
    const { id, deleted } = event.user;
    await invalidate(id);
    // The delivery asks Slack again: the event may be late, or repeated.
    if (deleted) await ownerless.onOwnersLeft(db, [id]);
  });
}
