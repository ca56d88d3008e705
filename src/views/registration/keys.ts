/** Keys in Slack: the button that gets one, the one modal that ever shows it, and what owners read about it. */
import type { ActionsBlock, KnownBlock, ModalView } from '@slack/types';
import type { GatewayFailure, KeyRefusal } from '../../domain/access.ts';
import {
  button,
  context,
  dateTime,
  escapeMrkdwn,
  fields,
  inlineText,
  mention,
  messageModal,
  plain,
  section,
  textElement,
} from '../blocks.ts';
import { publicId } from '../button-value.ts';
import type { Message } from '../message.ts';
import { gatewayCauses } from './access.ts';
import { refusalText } from './refusals.ts';

/** Opens the keys of a registration's application; its value is the registration's public id. */
export const getKeyButton = 'get-key';
/** The same as a choice among several registrations. */
export const chooseKey = 'choose-key';
/** In the modal: makes a second key, and removes the older of two. */
export const newKeyButton = 'new-key';
export const removeKeyButton = 'remove-key';

export const getKey = (registration: string) => button(getKeyButton, 'Get key', registration);

/** Renders the button in a message. */
export const keyBlocks = (registration: string): KnownBlock[] => [
  { type: 'actions', block_id: 'keys', elements: [getKey(registration)] },
];

const title = 'API key';

/** Shown while the gateway is given the key. */
export const makingKey: ModalView = messageModal(title, [section(':hourglass_flowing_sand: *Making a key.*')]);

export const keyText = (text: string): ModalView => messageModal(title, [{ ...section(text), block_id: 'key-text' }]);

const about = (application: string, gateway: string): KnownBlock =>
  fields('about', [
    { label: 'Application', value: [textElement(application, 150)] },
    { label: 'Gateway', value: [textElement(gateway, 150)] },
  ]);

type Shown = { application: string; gateway: string; secret: string; header: string; url: string | undefined };

/** Shows a key, the only time that anything does. */
export function keyModal({ application, gateway, secret, header, url }: Shown): ModalView {
  const preformatted = (text: string): KnownBlock => ({
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }],
  });
  const intro = '*This is the new key.* Copy it now: it is shown only once, and Registrar does not keep it.';
  return messageModal(title, [
    { ...section(intro), block_id: 'key-intro' },
    about(application, gateway),
    preformatted(secret),
    section(`Send it in the header \`${escapeMrkdwn(header)}\`. To try it:`),
    preformatted(`curl -H '${header}: ${secret}' ${url ?? 'https://<address of the API>'}`),
    {
      ...context('Keep it where your application keeps its secrets, never in a repository or a message.'),
      block_id: 'key-keep',
    },
  ]);
}

type Key = { id: string; lastFour: string; madeBy: string; madeAt: Date; shown: boolean };

/** Lists the keys in use, with what can be done about them. */
export function keysModal(
  {
    application,
    gateway,
    registration,
    keys,
  }: { application: string; gateway: string; registration: string; keys: Key[] },
  notice?: string,
): ModalView {
  const [oldest] = keys;
  const elements: ActionsBlock['elements'] = [];
  if (keys.length < 2) elements.push(button(newKeyButton, keys.length === 0 ? 'Get key' : 'New key', registration));
  if (oldest && keys.length > 1)
    elements.push({
      ...button(removeKeyButton, 'Remove old key', `${registration} ${oldest.id}`, 'danger'),
      confirm: {
        title: plain('Remove the old key?', 100),
        text: plain(`Calls with the key that ends in ${oldest.lastFour} will be refused.`, 300),
        confirm: plain('Remove', 30),
        deny: plain('Keep', 30),
        style: 'danger',
      },
    });
  const lines = keys.map(
    ({ lastFour, madeBy, madeAt, shown }) =>
      `• \`…${escapeMrkdwn(lastFour)}\`, ${shown ? `made by ${mention(madeBy)} ${dateTime(madeAt)}` : `being made by ${mention(madeBy)}`}`,
  );
  return messageModal(title, [
    ...(notice ? [{ ...section(notice), block_id: 'key-notice' }] : []),
    about(application, gateway),
    { ...section(lines.length > 0 ? lines.join('\n') : 'There is no key.'), block_id: 'keys-listed' },
    { type: 'actions', block_id: 'keys-actions', elements },
    {
      ...context('A new key works next to the old one, so that nothing stops while you change it.'),
      block_id: 'keys-hint',
    },
  ]);
}

/** Says that a key is being removed. Of one that no one has seen yet, only who makes it hears more. */
export const keyBeingRemoved = ({ lastFour, shown }: Pick<Key, 'lastFour' | 'shown'>): string => {
  const which = `:wastebasket: The key that ends in \`${escapeMrkdwn(lastFour)}\``;
  return shown
    ? `${which} is being removed. The owners get a message when it is gone.`
    : `${which} was still being made, and is removed.`;
};

/** Says why there is no key. */
export function keyRefusal(refusal: KeyRefusal): string {
  switch (refusal.kind) {
    case 'gone':
      return refusalText({ kind: 'gone' });
    case 'not-an-owner':
      return 'Only owners of this application can get its keys.';
    case 'no-keys':
      return 'Registrar makes no keys for this service.';
    case 'not-open':
      return 'Access is not open. You can get a key once it is.';
    case 'too-many-keys':
      return 'This application has two keys already. Remove the old one first.';
  }
}

export const keyNotMade = (gateway: string, failure: GatewayFailure): string =>
  `No key was made at ${escapeMrkdwn(gateway)}: ${gatewayCauses[failure]}. Try again in a moment.`;

/** Where the modal was closed, or Slack did not show it: then the key was not seen. */
export const keyNotShown = 'The key couldn’t be shown, so Registrar removes it again. Try again in a moment.';

/** Where an owner removed the key, or the gateway took minutes to take it. */
export const keyRemovedMeanwhile = 'This key was removed while it was being made, and doesn’t work. Get a new one.';

/** Parses what a key's button names: a registration, and for the removal also a key. What names nothing finds nothing. */
export function readKeyButton(value: unknown): { registration: string; key: string } {
  const [registration, key] = String(value).split(' ');
  return {
    registration: publicId.safeParse(registration).data ?? nothing,
    key: publicId.safeParse(key).data ?? nothing,
  };
}

const nothing = '00000000-0000-0000-0000-000000000000';

type Facts = { application: string; gateway: string; lastFour: string; madeBy: string; removedBy: string | null };

/** Tells an owner about a key. */
export function keyMessage(event: 'made' | 'removed' | 'lost' | 'renew', facts: Facts): Message {
  const { application, gateway, madeBy, removedBy } = facts;
  const which = `The key that ends in ${inlineText(facts.lastFour)}`;
  const text = {
    made: `${which} was made by ${mention(madeBy)}.`,
    removed: `${which} was removed${removedBy ? ` by ${mention(removedBy)}` : ''}. Calls with it are refused.`,
    lost: `${which} is gone at the gateway. Get a new key in Home or with \`/registrations\`.`,
    renew: `${mention(madeBy)}, who made the key that ends in ${inlineText(facts.lastFour)}, no longer owns this application, but may still have the key. Get a new key, then remove the old one.`,
  }[event];
  const emoji = { made: ':key:', removed: ':wastebasket:', lost: ':warning:', renew: ':warning:' }[event];
  return {
    text: `${inlineText(application)}: ${text}`,
    blocks: [{ ...section(`${emoji} ${text}`), block_id: 'key' }, about(application, gateway)],
  };
}
