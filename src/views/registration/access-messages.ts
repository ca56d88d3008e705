/**
 * The direct messages that tell an owner of access beyond decisions: that it is open, where it took so long that they read it
 * was on its way, and that it was taken away, or moved, because its service has changed.
 */
import type { KnownBlock } from '@slack/types';
import { context, fields, inlineText, oneLine, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';
import { keyBlocks } from './keys.ts';
import { notYoursText } from './timeline.ts';

type Opened = {
  application: string;
  gateway: string;
  services: { registration: string; name: string; credential: 'key' | 'none' }[];
};

export function accessOpenMessage({ application, services }: Opened, owned = true): Message {
  const names = services.map(({ name }) => inlineText(name)).join(', ');
  const headline = 'Access is open.';
  const withKeys = services.find(({ credential }) => credential === 'key');
  const blocks: KnownBlock[] = [
    { ...section(`:white_check_mark: *${headline}*`), block_id: 'access-open' },
    fields('request', [
      {
        label: services.length === 1 ? 'Service' : 'Services',
        value: [textElement(services.map(({ name }) => name).join(', '), 1000)],
      },
      { label: 'Application', value: [textElement(application, 150)] },
    ]),
    ...(withKeys && owned ? keyBlocks(withKeys.registration) : []),
    ...(owned ? [] : [notYours(application)]),
  ];
  return { text: `${inlineText(application)} can now use ${names}: access is open.`, blocks };
}

const notYours = (application: string): KnownBlock => ({ ...context(notYoursText(application)), block_id: 'over' });

type Lost = {
  application: string;
  gateway: string;
  registration: { publicId: string };
  service: string;
  stillOpen: boolean;
  now: { gateway: string; credential: 'key' | 'none'; open: boolean } | null;
};

export function accessLostMessage(lost: Lost, owned = true): Message {
  const { application, gateway, service, now } = lost;
  const headline = now ? 'Access has changed.' : 'Access has ended.';
  const blocks: KnownBlock[] = [
    { ...section(`${now ? ':arrow_right:' : ':lock:'} *${headline}*`), block_id: 'access-lost' },
    fields('request', [
      { label: 'Service', value: [textElement(service, 150)] },
      { label: 'Application', value: [textElement(application, 150)] },
      {
        label: 'Gateway',
        value: [textElement(now && now.gateway !== gateway ? `${gateway} → ${now.gateway}` : gateway)],
      },
    ]),
    {
      type: 'rich_text',
      block_id: 'next',
      elements: [{ type: 'rich_text_section', elements: [textElement(whatNext(lost, owned))] }],
    },
    ...(now?.open && now.credential === 'key' && owned ? keyBlocks(lost.registration.publicId) : []),
    ...(owned ? [] : [notYours(application)]),
  ];
  return { text: `${headline} ${inlineText(service)} for ${inlineText(application)}.`, blocks };
}

/** Says what it means for calls, and what the owners can do. */
function whatNext({ application, gateway, service, stillOpen, now }: Lost, owned: boolean): string {
  const names = { application: oneLine(application), service: oneLine(service) };
  if (!now) {
    const until = stillOpen ? ' Calls may still go through until the gateway has taken access away.' : '';
    return `${names.application} can no longer use ${names.service}: the service no longer gives access. The registration stays; ask an admin if you still need it.${until}`;
  }
  if (!now.open)
    return `${names.application} can use ${names.service} again as soon as access is open. It is on its way, and you’ll hear of it.`;
  const refused = `Keys for ${gateway} are refused there`;
  const keys = now.credential === 'key' ? ` ${refused}${owned ? ': get a new one' : ''}.` : '';
  return `Calls go through ${now.gateway} now, and no longer through ${gateway}.${keys}`;
}

/** What a message about access was about. */
type Was = { service: string; application: string };

/** Renders what the message that access is open becomes once it has ended. */
export const accessEndedMessage = (was: Was[]): Message =>
  overMessage(':lock:', 'Access was open, and has ended.', 'access-open', was);

/** Renders what the message that access has changed becomes once the registration has ended, or its access is as before. */
export const accessChangeOverMessage = (was: Was[], ended: boolean): Message =>
  ended
    ? overMessage(':lock:', 'Access had changed, and has ended.', 'access-lost', was)
    : overMessage(':arrow_right:', 'Access had changed, and is as it was before.', 'access-lost', was);

function overMessage(icon: string, headline: string, block_id: string, was: Was[]): Message {
  return {
    text: headline,
    blocks: [
      { ...section(`${icon} *${headline}*`), block_id },
      fields('request', [
        {
          label: was.length === 1 ? 'Service' : 'Services',
          value: [textElement(was.map(({ service }) => service).join(', '), 1000)],
        },
        { label: 'Application', value: [textElement(was[0]?.application ?? '', 150)] },
      ]),
    ],
  };
}
