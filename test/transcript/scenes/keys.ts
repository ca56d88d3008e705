/** Keys: the modals and messages about them. */
import {
  getKey,
  keyBeingRemoved,
  keyBlocks,
  keyMessage,
  keyModal,
  keyNotMade,
  keyNotShown,
  keyRefusal,
  keyRemovedMeanwhile,
  keysModal,
  keyText,
  makingKey,
} from '../../../src/views/registration/keys.ts';
import { at, dana, type Facts, id, list, sam } from '../facts.ts';
import type { Scene } from '../scenes.ts';

export function keyScenes({ application, gateway }: Facts): Scene[] {
  const about = { application, gateway, registration: id };
  const key = { id, lastFour: '4f2a', madeBy: dana, madeAt: at, shown: true };
  const inTheMaking = { ...key, shown: false };
  const facts = { application, gateway, lastFour: '4f2a', madeBy: dana, removedBy: null };
  return [
    ['Key: the button', { blocks: [...keyBlocks(id), { type: 'actions', elements: [getKey(id)] }] }],
    ['Key: being made', makingKey],
    [
      'Key: made',
      keyModal({ application, gateway, secret: 's3cr3t', header: 'apikey', url: 'https://api.acme.example' }),
    ],
    [
      'Key: made, of an unknown address',
      keyModal({ application, gateway, secret: 's3cr3t', header: 'apikey', url: undefined }),
    ],
    ...[0, 1, 2].map(
      (count): Scene => [`Keys: ${count}`, keysModal({ ...about, keys: list(count, () => key) }, keyBeingRemoved(key))],
    ),
    ['Keys: one being made', keysModal({ ...about, keys: [inTheMaking, key] }, keyBeingRemoved(inTheMaking))],
    [
      'Key: refused',
      [
        ...(['gone', 'not-an-owner', 'no-keys', 'not-open', 'too-many-keys'] as const).map((kind) =>
          keyRefusal({ kind }),
        ),
        keyNotMade(gateway, 'timeout'),
      ].join('\n'),
    ],
    ['Key: not shown', keyText(keyNotShown)],
    ['Key: removed meanwhile', keyText(keyRemovedMeanwhile)],
    ...(['made', 'removed', 'lost', 'renew'] as const).map(
      (event): Scene => [`To an owner: key ${event}`, keyMessage(event, facts)],
    ),
    ['To an owner: key removed by another', keyMessage('removed', { ...facts, removedBy: sam })],
  ];
}
