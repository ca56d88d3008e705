/**
 * The direct messages that tell an owner of access beyond decisions: that it is open, where it took so long that they read it
 * was on its way, and that it was taken away, or moved, because its service has changed.
 */
import type { KnownBlock } from '@slack/types';
import { fields, inlineText, oneLine, section, textElement } from '../blocks.ts';
import type { Message } from '../message.ts';
import { keyBlocks } from './keys.ts';

type Opened = {
  application: string;
  gateway: string;
  services: { registration: string; name: string; credential: 'key' | 'none' }[];
};

export function accessOpenMessage({ application, services }: Opened): Message {
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
    ...(withKeys ? keyBlocks(withKeys.registration) : []),
  ];
  return { text: `${inlineText(application)} can now use ${names}: access is open.`, blocks };
}

type Lost = {
  application: string;
  gateway: string;
  registration: { publicId: string };
  service: string;
  stillOpen: boolean;
  now: { gateway: string; credential: 'key' | 'none'; open: boolean } | null;
};

export function accessLostMessage(lost: Lost): Message {
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
      elements: [{ type: 'rich_text_section', elements: [textElement(whatNext(lost))] }],
    },
    ...(now?.open && now.credential === 'key' ? keyBlocks(lost.registration.publicId) : []),
  ];
  return { text: `${headline} ${inlineText(service)} for ${inlineText(application)}.`, blocks };
}

/** Says what it means for calls, and what the owners can do. */
function whatNext({ application, gateway, service, stillOpen, now }: Lost): string {
  const names = { application: oneLine(application), service: oneLine(service) };
  if (!now) {
    const until = stillOpen ? ' Calls may still go through until the gateway has taken access away.' : '';
    return `${names.application} can no longer use ${names.service}: the service no longer gives access. The registration stays; ask an admin if you still need it.${until}`;
  }
  if (!now.open)
    return `${names.application} can use ${names.service} again as soon as access is open. It is on its way, and you’ll hear of it.`;
  const keys = now.credential === 'key' ? ` Keys for ${gateway} are refused there: get a new one.` : '';
  return `Calls go through ${now.gateway} now, and no longer through ${gateway}.${keys}`;
}

/** Renders what that message becomes once access has ended. */
export function accessEndedMessage(ended: { service: string; application: string }[]): Message {
  const headline = 'Access was open, and has ended.';
  return {
    text: headline,
    blocks: [
      { ...section(`:lock: *${headline}*`), block_id: 'access-open' },
      fields('request', [
        {
          label: ended.length === 1 ? 'Service' : 'Services',
          value: [textElement(ended.map(({ service }) => service).join(', '), 1000)],
        },
        { label: 'Application', value: [textElement(ended[0]?.application ?? '', 150)] },
      ]),
    ],
  };
}
