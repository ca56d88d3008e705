/** The line that says which request a form is about. */
import type { RichTextBlock } from '@slack/types';
import { oneLine, person, textElement } from '../../blocks.ts';

export type RequestNames = { service: string; application: string; requester: string };

/** Renders "Orders API for Shop, requested by @dana". */
export const requestLine = ({ service, application, requester }: RequestNames): RichTextBlock => ({
  type: 'rich_text',
  block_id: 'request',
  elements: [
    {
      type: 'rich_text_section',
      elements: [
        { type: 'text', text: `${oneLine(service)} for ${oneLine(application)}`, style: { bold: true } },
        textElement(', requested by '),
        person(requester),
      ],
    },
  ],
});
