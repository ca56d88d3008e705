/**
 * Who looks at the page, and where. Every drawing function takes a reader, because the same message is drawn
 * differently for two people: mentions of oneself stand out, and channels are links only for their members.
 */
import type { Channel, Member } from '../model.ts';
import type { Workspace } from '../workspace.ts';

/** A conversation, the bot's Home, their mail, or the gateway. */
export type Place = { kind: 'channel'; channel: Channel } | { kind: 'home' } | { kind: 'mail' } | { kind: 'gateway' };

export type Reader = {
  workspace: Workspace;
  viewer: Member;
  place: Place;
  /** The address names no place: a narrow window then shows the list of places alone. */
  listing: boolean;
};

/** The people that can be played, in the order in which they were made. */
export function people(workspace: Workspace): Member[] {
  return [...workspace.members.values()].filter((member) => !member.isBot && !member.deleted);
}

export function bot(workspace: Workspace): Member | undefined {
  return [...workspace.members.values()].find((member) => member.isBot);
}

export function appName(workspace: Workspace): string {
  return bot(workspace)?.realName ?? 'App';
}

export function channelsOf(workspace: Workspace, viewer: Member): Channel[] {
  return [...workspace.channels.values()].filter(
    (channel) => channel.kind !== 'im' && !channel.archived && channel.members.includes(viewer.id),
  );
}

/** Reads `as` and `in` of an address. Unknown names become the first person and their first channel. */
export function readerOf(
  workspace: Workspace,
  address: { as?: string | null; in?: string | null },
): Reader | undefined {
  const everybody = people(workspace);
  const viewer = everybody.find((member) => member.id === address.as || member.name === address.as) ?? everybody[0];
  if (!viewer) return undefined;
  return { workspace, viewer, place: placeOf(workspace, viewer, address.in ?? ''), listing: !address.in };
}

function placeOf(workspace: Workspace, viewer: Member, name: string): Place {
  const direct = workspace.imWith(viewer.id);
  if (name === 'home' || name === 'mail' || name === 'gateway') return { kind: name };
  if (name === 'registrar' || name === direct.id) return { kind: 'channel', channel: direct };
  const channels = channelsOf(workspace, viewer);
  const channel = channels.find((each) => each.id === name || each.name === name) ?? channels[0] ?? direct;
  return { kind: 'channel', channel };
}

/** The `in` of an address: the opposite of `readerOf`. */
export function placeName(place: Place): string {
  if (place.kind !== 'channel') return place.kind;
  return place.channel.kind === 'im' ? 'registrar' : place.channel.name;
}

/** Without a place it is the address of the list of places. */
export function address(viewer: Member, place?: string): string {
  const as = `/?as=${encodeURIComponent(viewer.name)}`;
  return place === undefined ? as : `${as}&in=${encodeURIComponent(place)}`;
}
