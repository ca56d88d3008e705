/** The response to `/registrations`: a person's applications, and the registrations of each. */
import type { RichTextBlock, RichTextSection } from '@slack/types';
import type { Page } from '../../domain/pagination.ts';
import type { Status } from '../../domain/registration.ts';
import { context, richDate, section, textElement } from '../blocks.ts';
import { noApplications } from '../home/applications.ts';
import type { Message } from '../message.ts';

/**
 * The most lines of it: a message takes 50 blocks, and all of its text together should stay under some 13,000
 * characters. The rest is counted.
 */
export const maxRegistrationsListed = 40;

type Held = {
  applicationId: number;
  application: string;
  registration: { status: Status; since: Date } | null;
  service: { name: string } | null;
};

export function registrationList({ rows, total }: Page<Held>): Message {
  if (total === 0) return { text: noApplications, blocks: [{ ...section(noApplications), block_id: 'nothing-held' }] };
  const more = total - rows.length;
  const applications = Map.groupBy(rows, ({ applicationId }) => applicationId);
  return {
    text: 'Your applications and what they are registered for.',
    blocks: [
      { ...section('*Your applications*'), block_id: 'headline' },
      ...[...applications].map(([id, held]) => listed(id, held)),
      ...(more > 0 ? [{ ...context(`and ${more} more: Registrar's Home shows all of them.`), block_id: 'more' }] : []),
    ],
  };
}

function listed(id: number, held: Held[]): RichTextBlock {
  const name = held[0]?.application ?? '';
  const registered = held.flatMap((one) => row(one));
  return {
    type: 'rich_text',
    block_id: `application-${id}`,
    elements: [
      { type: 'rich_text_section', elements: [{ type: 'text', text: name, style: { bold: true } }] },
      registered.length > 0
        ? { type: 'rich_text_list', style: 'bullet', elements: registered }
        : { type: 'rich_text_section', elements: [textElement('No registrations.')] },
    ],
  };
}

function row({ registration, service }: Held): RichTextSection[] {
  if (!registration || !service) return [];
  const { status, since } = registration;
  return [
    {
      type: 'rich_text_section',
      elements: [textElement(service.name, 150), textElement(`: ${status} since `), richDate(since)],
    },
  ];
}
