/** Access at a gateway, in words. */
import type { KnownBlock } from '@slack/types';
import type { GatewayFailure, ShownAccess } from '../../domain/access.ts';
import { context, dateTime, escapeMrkdwn, section } from '../blocks.ts';

/** Why a gateway is not as it should be, after "because". */
export const gatewayCauses: Record<GatewayFailure, string> = {
  unreachable: 'it cannot be reached',
  timeout: 'it does not answer in time',
  'rate-limited': 'it takes no more requests just now',
  'server-error': 'it answers with an error',
  'bad-answer': 'it does not answer like a gateway',
  redirected: 'it redirects to another address',
  unauthorized: 'it does not accept the token',
  'read-only': 'it is read-only',
  conflict: 'something else is in its place there',
  invalid: 'it does not accept the group',
  gone: 'the application is missing there',
  'unknown-gateway': 'the catalog file does not name it',
};

/** Describes access. Approvers, who can help, read the cause; owners read that it takes longer. */
export function describeShownAccess(access: ShownAccess, reader: 'approver' | 'owner'): string {
  const described = describeNow(access, reader);
  const former = access.kind === 'still-open' ? undefined : access.former;
  return former ? `${described} ${describeNow(former, reader)}` : described;
}

function describeNow(access: ShownAccess, reader: 'approver' | 'owner'): string {
  const gateway = escapeMrkdwn(access.gateway);
  switch (access.kind) {
    case 'open':
      return `Access open since ${dateTime(access.since)}.`;
    case 'on-its-way': {
      if (!access.failure) return 'Access on its way.';
      return reader === 'owner'
        ? 'Access on its way. It takes longer than usual.'
        : `Access on its way: ${gateway} has not confirmed it, because ${gatewayCauses[access.failure]}.`;
    }
    case 'still-open': {
      const since = `Access still open at ${gateway}, since ${dateTime(access.since)}`;
      return access.failure
        ? `${since}, because ${gatewayCauses[access.failure]}.`
        : `${since}. It is being taken away.`;
    }
  }
}

/** Says why access is still open, in a line of a list. */
export const stillOpenCause = ({ failure }: { failure: GatewayFailure | null }): string =>
  failure ? `, because ${gatewayCauses[failure]}` : ', and being taken away';

/** Renders the access of a card: what should not be so is not small print. */
export function accessBlocks(access: ShownAccess | null): KnownBlock[] {
  if (!access) return [];
  const text = describeShownAccess(access, 'approver');
  const isSmall = access.kind !== 'still-open' && !access.former;
  const block = isSmall ? context(text) : section(`:warning: *${text}*`);
  return [{ ...block, block_id: 'access' }];
}
