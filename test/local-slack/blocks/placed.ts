/** Where in its blocks each element stands. */
import type { ActionsBlockElement, AnyBlock, InputBlock, InputBlockElement, SectionBlockAccessory } from '@slack/types';
import type { Block } from '../model.ts';

export type Interactive = Exclude<ActionsBlockElement | InputBlockElement | SectionBlockAccessory, { type: 'image' }>;

export type Placed = {
  block: Block;
  blockId: string;
  actionId: string;
  element: Interactive;
  /** The input block that the element is the input of. */
  input?: InputBlock;
};

/** The validator lets only known blocks in. */
export const known = (blocks: AnyBlock[]): Block[] => blocks as Block[];

/** What can be pressed, picked or filled in, in reading order. */
export function placed(blocks: AnyBlock[]): Placed[] {
  return known(blocks).flatMap((block) => {
    const at = (element: Interactive) => ({
      block,
      blockId: block.block_id ?? '',
      actionId: element.action_id ?? '',
      element,
    });
    if (block.type === 'actions') return block.elements.map(at);
    if (block.type === 'input') return [{ ...at(block.element), input: block }];
    if (block.type === 'section' && block.accessory && block.accessory.type !== 'image') return [at(block.accessory)];
    return [];
  });
}

export const find = (blocks: AnyBlock[], blockId: string, actionId: string): Placed | undefined =>
  placed(blocks).find((item) => item.blockId === blockId && item.actionId === actionId);

/** Slack gives an id to every block and element that came without one. */
export function identified<B extends AnyBlock>(blocks: B[], fresh: () => string): B[] {
  const copy = structuredClone(blocks);
  for (const block of copy) block.block_id ??= fresh();
  for (const { element } of placed(copy)) element.action_id ??= fresh();
  return copy;
}
