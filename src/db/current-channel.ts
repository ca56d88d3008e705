/** The present id of a channel whose id Slack may have changed (channel-ids.ts). */
import { type SQL, sql } from 'drizzle-orm';
import { channelIds } from './schema/workspace.ts';

/** Selects the present id of a channel: a row that records where a message was posted may be written while the id changes. */
export const currentId = <T extends string | null = string>(channel: string | SQL): SQL<T> =>
  sql`coalesce((select current from ${channelIds} where old = ${channel}), ${channel})`;
