/** The approvers of a request, in words. */
import type { RichTextElement } from '@slack/types';
import type { ShownApprovers } from '../domain/approvers.ts';
import { mention, person, textElement } from './blocks.ts';

/** The members of a channel that the reader cannot see. */
export const apiTeam = 'the API team';

/** How many are named before the rest is counted. */
const maxNamed = 10;

/** Renders the approvers as rich text. */
export function approverMentions({ users, groups, channel }: ShownApprovers): RichTextElement[] {
  const named: RichTextElement[] = [
    ...users.map(person),
    ...groups.map((id) => ({ type: 'usergroup' as const, usergroup_id: id })),
  ];
  if (named.length === 0)
    return channel
      ? [textElement('the members of '), { type: 'channel', channel_id: channel }]
      : [textElement(apiTeam)];
  const shown = named.slice(0, maxNamed);
  const rest = named.length - shown.length;
  const last = rest > 0 ? textElement(`${rest} more`) : shown.pop();
  const list = shown.flatMap((one, index) => (index > 0 ? [textElement(', '), one] : [one]));
  return [...list, ...(list.length > 0 ? [textElement(' or ')] : []), ...(last ? [last] : [])];
}

/** Describes the members of a channel, for those who can see it. */
export const membersOf = (channel: string): string => `the members of <#${channel}>`;

/** Describes the approvers: "@alex or @payments-leads", or "the members of #api-requests"; all of them with "and". */
export function describeApprovers({ users, groups, channel }: ShownApprovers, joined: 'or' | 'and' = 'or'): string {
  const named = [...users, ...groups].map(mention);
  if (named.length === 0) return channel ? membersOf(channel) : apiTeam;
  const shown = named.slice(0, maxNamed);
  const rest = named.length - shown.length;
  const last = rest > 0 ? `${rest} more` : shown.pop();
  return shown.length > 0 ? `${shown.join(', ')} ${joined} ${last}` : `${last}`;
}
