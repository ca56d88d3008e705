/** The confirmation of a change from the menu of a service: what follows for requests and registrations, and who is notified. */
import type { KnownBlock, ModalView } from '@slack/types';
import { z } from 'zod';
import type { ServiceAccess } from '../../domain/access.ts';
import { atLeast } from '../../domain/pagination.ts';
import type { Reference } from '../../domain/reference.ts';
import { capitalize } from '../../domain/text.ts';
import { context, fields, input, option, plain, section, textElement } from '../blocks.ts';
import { buttonValue, readReference } from '../button-value.ts';
import { describeAccess } from './timeline.ts';

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
    headline: 'No one can request this service until you bring it back.',
  },
} as const satisfies Record<ConfirmedToggle, { title: string; submit: string; headline: string }>;

export function confirmChangeModal(
  what: ConfirmedToggle,
  {
    publicId,
    version,
    name,
    access,
  }: { publicId: string; version: number; name: string; access: ServiceAccess | null },
  impact: ChangeImpact,
): ModalView {
  const { title, submit, headline } = words[what];
  const offered = what === 'retire' && access !== null;
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
      { ...section(consequences(what, impact, offered)), block_id: 'follows' },
      ...(offered && access ? [accessChoice(access)] : []),
      { ...context(offered ? toldOfAccess : told[what]), block_id: 'told' },
    ],
  };
}

const keep = option('Keep it', 'keep');

/** Builds the choice of what happens to access at the gateway: it stays unless an admin says otherwise. */
const accessChoice = (access: ServiceAccess): KnownBlock =>
  input(
    accessId,
    'Access',
    {
      type: 'radio_buttons',
      action_id: accessId,
      options: [
        keep,
        option('Take it away at once', 'remove', 'To give it again, bring the service back and edit it.'),
      ],
      initial_option: keep,
    },
    `Approved applications are let into ${describeAccess(access)}.`,
  );

const accessId = 'retire-access';

const chosen = z.object({
  [accessId]: z.object({ [accessId]: z.object({ selected_option: z.object({ value: z.enum(['keep', 'remove']) }) }) }),
});

/** Tells whether access is to be taken away from all who have it by this service. */
export const removesAccess = (submitted: unknown): boolean =>
  chosen.safeParse(submitted).data?.[accessId][accessId].selected_option.value === 'remove';

/** Lists the consequences for what there is. `offered`: the form asks what happens to access. */
export function consequences(what: ConfirmedToggle, { pending, approved }: ChangeImpact, offered = false): string {
  const decided =
    what === 'auto-on' ? counted(pending, 'still needs', 'still need') : counted(pending, 'stays', 'stay');
  const end = what === 'auto-on' ? ' a decision' : ' and can still be decided';
  const keeps = counted(
    approved,
    offered ? 'stays registered' : 'keeps its access',
    offered ? 'stay registered' : 'keep their access',
  );
  const waiting = `${capitalize(atLeast(pending))} pending ${counted(pending, 'request', 'requests')} ${decided}${end}.`;
  const holders = `${capitalize(atLeast(approved))} approved ${counted(approved, 'application', 'applications')} ${keeps}.`;
  return `${pending === 0 ? 'No request is pending.' : waiting} ${approved === 0 ? 'No application is approved.' : holders}`;
}

const counted = (count: number, one: string, several: string): string => (count === 1 ? one : several);

const quiet = 'No one gets a message. Pending cards, reminders and Home will show it.';
const toldOfAccess =
  'Owners get a message only if you take access away. Pending cards, reminders and Home will show the change.';

const told: Record<ConfirmedToggle, string> = {
  disable: quiet,
  retire: quiet,
  'auto-on': 'The approval channel gets a message now, and a card for each new approval.',
};

/** Parses what the form remembers; undefined for a forged value. */
export function readConfirmedChange(metadata: string): (Reference & { what: ConfirmedToggle }) | undefined {
  const [what = '', rest] = metadata.split(':');
  const service = readReference(rest);
  return service && isConfirmed(what) ? { ...service, what } : undefined;
}
