/** The response to `/registrations`: a person's applications, and the registrations of each. */
import type { KnownBlock, RichTextBlock, RichTextElement, RichTextSection } from '@slack/types';
import type { ShownAccess, StillOpenAccess } from '../../domain/access.ts';
import { atLeast, maxCounted, type Page } from '../../domain/pagination.ts';
import type { Status } from '../../domain/registration.ts';
import { context, option, optionLimit, plain, richDate, section, textElement } from '../blocks.ts';
import { noApplications } from '../home/applications.ts';
import type { Message } from '../message.ts';
import { describeShownAccess, stillOpenCause } from './access.ts';
import { chooseKey } from './keys.ts';

/**
 * The most lines of it: a message takes 50 blocks, and all of its text together should stay under some 13,000
 * characters. The rest is counted.
 */
export const maxRegistrationsListed = 40;

type Held = {
  applicationId: number;
  application: string;
  registration: { id: number; status: Status; since: Date; access: ShownAccess | null } | null;
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
      ...keyChoice(rows),
      ...(more > 0
        ? [
            {
              ...context(`and ${atLeast(more, total)} more.${total < maxCounted ? ' Home shows all of them.' : ''}`),
              block_id: 'more',
            },
          ]
        : []),
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
  const { status, since, access } = registration;
  return [
    {
      type: 'rich_text_section',
      elements: [
        textElement(service.name, 150),
        textElement(`: ${status}${status === 'pending' ? ' since' : ''} `),
        richDate(since),
        ...accessElements(access),
      ],
    },
  ];
}

/** Describes access in a line of the list. */
function accessElements(access: ShownAccess | null): RichTextElement[] {
  switch (access?.kind) {
    case 'open':
      return [textElement('. Access open since '), richDate(access.since), ...formerElements(access)];
    case 'on-its-way': {
      const { former: _, ...now } = access;
      return [textElement(`. ${describeShownAccess(now, 'owner').replace(/\.$/, '')}`), ...formerElements(access)];
    }
    case 'still-open':
      return [
        textElement(`. Access still open at ${access.gateway}, since `),
        richDate(access.since),
        textElement(stillOpenCause(access)),
      ];
    default:
      return [];
  }
}

const formerElements = ({ former }: { former?: StillOpenAccess }): RichTextElement[] => accessElements(former ?? null);

/** Renders the choice of a registration whose keys its owner wants; none where there are none. */
function keyChoice(rows: Held[]): KnownBlock[] {
  const options = rows.flatMap(({ application, registration, service }) => {
    const { access } = registration ?? {};
    if (access?.kind !== 'open' || !access.keys || !service) return [];
    return [option(`${service.name} for ${application}`, access.keys)];
  });
  if (options.length === 0) return [];
  const choose = { type: 'static_select' as const, action_id: chooseKey, placeholder: plain('Get key', 150) };
  return [{ type: 'actions', block_id: 'keys', elements: [{ ...choose, options: options.slice(0, optionLimit) }] }];
}
