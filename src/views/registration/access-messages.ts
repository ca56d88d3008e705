/** The direct message that tells an owner that access is open, where it took so long that they read it was on its way. */
import type { KnownBlock } from '@slack/types';
import { fields, inlineText, section, textElement } from '../blocks.ts';
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
