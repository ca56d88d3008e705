/**
 * The workspace of a database. Two bots of different workspaces on one database would share out each other's messages, so the first
 * start claims it, and every other workspace or app is refused.
 */
import type { Connection } from './client.ts';
import { workspace } from './schema/workspace.ts';

export type SlackIdentity = { teamId: string; teamName: string; appId: string | null };

type Tables = Pick<Connection, 'tables'>;

/** Claims the database where no workspace has it yet. Returns the one that has it. */
export async function claim({ tables }: Tables, identity: SlackIdentity): Promise<SlackIdentity> {
  await tables.insert(workspace).values(identity).onConflictDoNothing();
  return (await find({ tables })) ?? identity;
}

/** Finds the workspace that has the database; undefined before the first start. */
export async function find({ tables }: Tables): Promise<SlackIdentity | undefined> {
  const [row] = await tables.select().from(workspace);
  return row && { teamId: row.teamId, teamName: row.teamName, appId: row.appId };
}

/** Releases the database: the next start claims it for the workspace of its token. */
export async function release({ tables }: Tables): Promise<void> {
  await tables.delete(workspace);
}

/** Says why a bot may not run on a database that another workspace or app has; undefined where it may. */
export function foreignWorkspace(kept: SlackIdentity, own: SlackIdentity): string | undefined {
  const otherApp = kept.appId !== null && own.appId !== null && kept.appId !== own.appId;
  if (kept.teamId === own.teamId && !otherApp) return undefined;
  return `this database belongs to ${describe(kept)}, and SLACK_BOT_TOKEN to ${describe(own)}. Give each bot a database of its own; to move this one on purpose, run npm run workspace -- release`;
}

/** Says that the two tokens are of different apps, so that nothing people do would arrive; undefined where they are not. */
export function mixedTokens(own: SlackIdentity, socketApp: string | undefined): string | undefined {
  if (own.appId === null || socketApp === undefined || socketApp === own.appId) return undefined;
  return `SLACK_APP_TOKEN is of the app ${socketApp}, and SLACK_BOT_TOKEN of ${own.appId}. Set both to those of one app`;
}

/** Names a workspace and its app. */
export const describe = ({ teamId, teamName, appId }: SlackIdentity): string =>
  `${teamName} (${teamId}${appId ? `, app ${appId}` : ''})`;
