/** Whom a request rests with, in words. */
import type { Approvers } from '../domain/registration.ts';
import { mention } from './blocks.ts';

/** How many are named before the rest is counted. */
const namedAtMost = 10;

/** "@alex or @payments-leads", or "the members of #api-requests". */
export function whoDecides({ users, groups, channel }: Approvers): string {
  const named = [...users, ...groups].map(mention);
  if (named.length === 0) return `the members of <#${channel}>`;
  const shown = named.slice(0, namedAtMost);
  const rest = named.length - shown.length;
  const last = rest > 0 ? `${rest} more` : shown.pop();
  return shown.length > 0 ? `${shown.join(', ')} or ${last}` : `${last}`;
}
