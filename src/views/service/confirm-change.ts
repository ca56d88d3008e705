/** The confirmation of a change from the menu of a service: what follows for requests and registrations, and who is told. */
import type { ModalView } from '@slack/types';
import type { Reference } from '../../domain/reference.ts';
import { context, fields, plain, section, textElement } from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';

/** The changes that ask for confirmation. */
export const confirmedToggles = ['disable', 'auto-on', 'retire'] as const;
export type ConfirmedToggle = (typeof confirmedToggles)[number];

export const isConfirmed = (what: string): what is ConfirmedToggle => confirmedToggles.some((one) => one === what);

export const confirmChangeId = 'service-change';

/** How many pending requests and approved registrations a service has. */
export type ChangeImpact = { pending: number; approved: number };

const words = {
  disable: { title: 'Disable registration', submit: 'Disable', headline: 'New requests will be refused.' },
  'auto-on': {
    title: 'Approve automatically',
    submit: 'Switch on',
    headline: 'New requests will be approved at once, without review.',
  },
  retire: {
    title: 'Retire service',
    submit: 'Retire',
    headline: 'Nobody can request this service until you bring it back.',
  },
} as const satisfies Record<ConfirmedToggle, { title: string; submit: string; headline: string }>;

export function confirmChangeModal(
  what: ConfirmedToggle,
  { publicId, version, name }: { publicId: string; version: number; name: string },
  impact: ChangeImpact,
): ModalView {
  const { title, submit, headline } = words[what];
  return {
    type: 'modal',
    callback_id: confirmChangeId,
    private_metadata: `${what}:${buttonValue({ publicId, version })}`,
    title: plain(title, 24),
    submit: plain(submit, 24),
    close: plain('Cancel', 24),
    blocks: [
      fields('service', [{ label: 'Service', value: [textElement(name, 150)] }]),
      { ...section(`:warning: *${headline}*`), block_id: 'headline' },
      { ...section(consequences(what, impact)), block_id: 'follows' },
      { ...context(told[what]), block_id: 'told' },
    ],
  };
}

function consequences(what: ConfirmedToggle, { pending, approved }: ChangeImpact): string {
  const waiting = counted(pending, 'pending request', 'pending requests');
  const still = pending === 1 ? 'still needs' : 'still need';
  const keeps = approved === 1 ? 'keeps its access' : 'keep their access';
  const holders = counted(approved, 'approved application', 'approved applications');
  const decided =
    what === 'auto-on' ? `${still} a decision` : `${pending === 1 ? 'stays' : 'stay'} and can still be decided`;
  return `${waiting} ${decided}. ${holders} ${keeps}.`;
}

const counted = (count: number, one: string, several: string): string =>
  `${count === 0 ? 'No' : count} ${count === 1 ? one : several}`;

const quiet = 'Nobody gets a message. The cards of pending requests, reminders and Home will show it.';

const told: Record<ConfirmedToggle, string> = {
  disable: quiet,
  retire: quiet,
  'auto-on': 'The approval channel is told, and gets a card of each new approval.',
};

/** Parses what the form remembers; undefined for a forged value. */
export function readConfirmedChange(metadata: string): (Reference & { what: ConfirmedToggle }) | undefined {
  const [what = '', rest] = metadata.split(':');
  const service = readReference(rest);
  return service && isConfirmed(what) ? { ...service, what } : undefined;
}
