/** The message about an incident: a destination that takes no messages, or dead letters. */
import { type GatewayFailure, gatewayFailures } from '../../domain/access.ts';
import { truncate } from '../../domain/text.ts';
import { context, escapeMrkdwn, section } from '../blocks.ts';
import type { Message } from '../message.ts';
import { gatewayCauses } from '../registration/access.ts';

/** An incident. While it is open, messages are retried; `deadLetters` counts those that are not. */
export type IncidentFacts = { place: string; why: string; open: boolean; deadLetters: number };

export function incidentMessage({ place, why, open, deadLetters }: IncidentFacts): Message {
  const gateway = gatewayOf(place);
  const cause = (gateway === undefined ? remedies[why] : gatewayCause(why)) ?? `the cause is ${code(why)}`;
  const ended = deadLetters === 1 ? `A ${noun(place)}` : `${deadLetters} ${noun(place)}s`;
  const headline = `${open ? failing(place) : `${ended} ${lost(place)}`}: ${cause}.`;
  const after = 'Waiting messages are retried, and arrive once this is resolved.';
  const counted = deadLetters === 1 ? `One ${noun(place)} was set aside.` : `${ended} were set aside.`;
  const kept = `${counted} ${code('npm run outbox -- list')} lists them, ${code('npm run outbox -- redrive')} retries them.`;
  return {
    text: headline,
    blocks: [
      { ...section(`:warning: ${headline}`), block_id: 'trouble' },
      { ...context([...(open ? [after] : []), ...(deadLetters > 0 ? [kept] : [])].join(' ')), block_id: 'next' },
    ],
  };
}

function failing(place: string): string {
  if (place === 'slack') return 'Slack refuses what Registrar asks';
  if (place === 'database') return 'Registrar cannot finish its own jobs';
  return `Registrar cannot ${gatewayOf(place) === undefined ? 'reach' : 'set access at'} ${named(place)}`;
}

const noun = (place: string): string => (place === 'database' ? 'job' : 'message');

const lost = (place: string): string =>
  place === 'database' ? 'of Registrar could not be finished' : `to ${named(place)} could not be delivered`;

/** Names a destination. Its id is added to a channel, because the reader may not see its name. */
function named(place: string): string {
  switch (place) {
    case 'direct':
      return 'people by direct message';
    case 'home':
      return 'people’s Home';
    case 'mail':
      return 'people by e-mail';
    case 'cards':
      return 'a channel';
    case 'slack':
      return 'Slack';
    default: {
      const gateway = gatewayOf(place);
      return gateway === undefined ? `<#${place}> (${code(place)})` : `the gateway ${code(gateway)}`;
    }
  }
}

/** Returns the gateway that a destination is; undefined for all others. */
const gatewayOf = (place: string): string | undefined =>
  place.startsWith('gateway:') ? place.slice('gateway:'.length) : undefined;

function gatewayCause(why: string): string | undefined {
  const failure = gatewayFailures.find((one) => one === why);
  return failure && `${gatewayCauses[failure]}${gatewayFixes[failure] ?? ''}`;
}

/** What an operator can do about a gateway. */
const gatewayFixes: Partial<Record<GatewayFailure, string>> = {
  unauthorized: '. Set its token in the environment, and start Registrar again',
  'read-only': '. A DB-less Kong cannot be used: name one with a database',
  redirected: '. Name its final address in the catalog file',
  'unknown-gateway': '. Add it again, or take the access of its services away',
  conflict: '. The log names it: rename or delete it at the gateway',
  invalid: '. The log says what: change the group of the service, or the gateway',
};

const code = (text: string): string => `\`${escapeMrkdwn(truncate(text.replaceAll('`', "'"), 100))}\``;

const invite = `the bot is not in it, or it is gone. Write ${code('/invite @Registrar')} there, or choose another channel`;

/** What is wrong and how to fix it, by Slack's error code. */
const remedies: Record<string, string> = {
  channel_not_found: invite,
  not_in_channel: invite,
  is_archived: 'it is archived. Unarchive it, or choose another channel',
  is_inactive: 'it is archived. Unarchive it, or choose another channel',
  messages_tab_disabled: 'the app takes no direct messages. Enable the messages tab of its Home, as the manifests do',
  missing_scope: 'the app lacks a permission. Install it again with the scopes of the manifests',
  user_not_found: 'they are no longer in Slack',
  user_disabled: 'they are no longer in Slack',
  crashed: 'Registrar was stopped at the last of many attempts',
};
