/** The owners of an application, in words. */
import type { RichTextElement } from '@slack/types';
import { person, textElement } from './blocks.ts';

/** Names the owners of an application, or says that it has none. */
export const ownerMentions = (owners: string[]): RichTextElement[] =>
  owners.length === 0
    ? [textElement('none: the last one left')]
    : owners.flatMap((id, index) => (index > 0 ? [textElement(', '), person(id)] : [person(id)]));
