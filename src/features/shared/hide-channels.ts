/** Private channels in what a person reads: one that they cannot see is neither named nor linked. */
import { withTimeout } from '../../async/timeout.ts';
import type { Deps } from '../../deps.ts';
import { apiTeam, membersOf } from '../../views/approvers.ts';
import { isSeenFrom } from './card-readers.ts';

type Asking = Pick<Deps, 'directory'>;

/** How long a response waits for Slack to say who sees a channel, in milliseconds. Without an answer it is not named. */
const lookupTimeout = 500;

/** Replaces the channels that a person cannot see in what they are to read: a text, a view, or a message. */
export const hideChannels = <Shown>(shown: Shown, person: string, { directory }: Asking): Promise<Shown> =>
  hideUnseen(shown, (channel) => withTimeout(lookupTimeout, directory.canSee(person, channel), false));

/** Replaces the channels that not everyone in `channel` can see in a message that is posted there. */
export const hideChannelsIn = <Shown>(shown: Shown, channel: string, { directory }: Asking): Promise<Shown> =>
  hideUnseen(shown, (other) => isSeenFrom(channel, other, { directory }));

async function hideUnseen<Shown>(shown: Shown, isSeen: (channel: string) => Promise<boolean>): Promise<Shown> {
  const written = JSON.stringify(shown);
  const named = written.matchAll(/<#([CG]\w+)>|"channel_id":"([CG]\w+)"/g);
  const hidden: string[] = [];
  for (const id of new Set([...named].map(([, mentioned, element]) => mentioned ?? element ?? '')))
    if (!(await isSeen(id))) hidden.push(id);
  return hidden.length === 0 ? shown : JSON.parse(written, (_, value: unknown) => replaced(value, hidden));
}

const unnamed = 'a private channel';

function replaced(value: unknown, hidden: string[]): unknown {
  if (typeof value === 'string')
    return hidden.reduce((text, id) => text.replaceAll(membersOf(id), apiTeam).replaceAll(`<#${id}>`, unnamed), value);
  const isHidden = value instanceof Object && 'channel_id' in value && hidden.some((id) => id === value.channel_id);
  return isHidden ? { type: 'text', text: unnamed } : value;
}
