/** The approvers of a request, in words. */
import type { RichTextElement } from '@slack/types';
import type { Approvers } from '../domain/approvers.ts';
import { mention, person, textElement } from './blocks.ts';

/** How many are named before the rest is counted. */
const maxNamed = 10;

/** Renders the approvers as rich text. */
export function approverMentions({ users, groups, channel }: Approvers): RichTextElement[] {
  const named: RichTextElement[] = [
    ...users.map(person),
    ...groups.map((id) => ({ type: 'usergroup' as const, usergroup_id: id })),
  ];
  if (named.length === 0) return [textElement('the members of '), { type: 'channel', channel_id: channel }];
  const shown = named.slice(0, maxNamed);
  const rest = named.length - shown.length;
  const last = rest > 0 ? textElement(`${rest} more`) : shown.pop();
  const list = shown.flatMap((one, index) => (index > 0 ? [textElement(', '), one] : [one]));
  return [...list, ...(list.length > 0 ? [textElement(' or ')] : []), ...(last ? [last] : [])];
}

/** Describes the approvers: "@alex or @payments-leads", or "the members of #api-requests". */
export function describeApprovers({ users, groups, channel }: Approvers): string {
  const named = [...users, ...groups].map(mention);
  if (named.length === 0) return `the members of <#${channel}>`;
  const shown = named.slice(0, maxNamed);
  const rest = named.length - shown.length;
  const last = rest > 0 ? `${rest} more` : shown.pop();
  return shown.length > 0 ? `${shown.join(', ')} or ${last}` : `${last}`;
}
