/** Applications: their menu's forms, refusals, and the messages to owners, approvers and admins. */
import type { ApplicationRefusal } from '../../../src/domain/application.ts';
import {
  deleteApplicationModal,
  leaveModal,
  newApplicationModal,
  renameModal,
  withNameNotice,
} from '../../../src/views/application/forms.ts';
import {
  ownerLeftMessage,
  ownerlessMessage,
  ownerMessage,
  ownershipMessage,
} from '../../../src/views/application/messages.ts';
import { assignOwnerModal, handOverModal, ownersModal } from '../../../src/views/application/owner-forms.ts';
import {
  applicationFieldErrors,
  applicationFormErrors,
  applicationNameError,
  applicationRefusalText,
} from '../../../src/views/application/refusals.ts';
import { nameTakenText, tooLongText } from '../../../src/views/name-errors.ts';
import { alex, approvers, at, dana, type Facts, id, list, priya, sam } from '../facts.ts';
import type { Scene } from '../scenes.ts';

export function applicationScenes(facts: Facts): Scene[] {
  const { application: name, service } = facts;
  const application = { id: 1, publicId: id, name, version: 1, owners: [dana, sam], deleted: false };
  type Changed = Parameters<typeof ownershipMessage>[0];
  const event: Changed = {
    application: name,
    action: 'owners',
    actor: dana,
    added: [],
    removed: [],
    owners: [dana, sam],
    at,
  };
  const toSam = (over: Partial<Changed>) => ownerMessage({ ...event, ...over }, sam);
  const change = (over: Partial<Changed>) =>
    ownershipMessage(
      { ...event, ...over },
      list(facts.rows(10), () => ({ name: service, status: 'approved' as const })),
      30,
    );
  const ownerless = { publicId: id, version: 1, application: name, left: dana, since: at, adopted: null };
  const adopted = { ...ownerless, adopted: { by: alex, owner: sam, at } };
  const left = (owners: string[]) => ({ application: name, owners });
  const refusals: ApplicationRefusal[] = [
    { kind: 'gone' },
    { kind: 'unknown' },
    { kind: 'not-an-owner' },
    { kind: 'stale' },
    { kind: 'name-taken', name, owners: [facts.person], mine: false },
    { kind: 'wrong-name', name },
    { kind: 'only-owner' },
    { kind: 'too-many-owners' },
    ...(['app', 'deactivated', 'external', 'unsure'] as const).map((why) => ({ kind: 'cannot-own' as const, why })),
    { kind: 'not-an-admin', askInstead: approvers },
    { kind: 'owned' },
    { kind: 'unsure' },
  ];
  const refused = applicationFormErrors({ title: { text: 'Rename application' } }, { kind: 'stale' });
  return [
    ['Application: new', newApplicationModal()],
    ['Application: rename', renameModal(application)],
    [
      'Application: a name that is taken, while it is typed',
      withNameNotice(
        newApplicationModal(),
        nameTakenText({ name, owners: list(facts.rows(4) - 1, () => facts.person), mine: false }),
      ),
    ],
    ['Application: a name that is too long', withNameNotice(renameModal(application), tooLongText('&'.repeat(61)))],
    ['Application: co-owners', ownersModal(application, dana)],
    ['Application: co-owners, none yet', ownersModal({ ...application, owners: [dana] }, dana)],
    ['Application: hand over', handOverModal(application)],
    ['Application: hand over, by an admin', assignOwnerModal(application)],
    ['Application: leave', leaveModal(application)],
    ['Application: delete', deleteApplicationModal(application, { unregistrable: 3, revoked: 2 })],
    ['Application: delete, with one of each', deleteApplicationModal(application, { unregistrable: 1, revoked: 1 })],
    ['Application: delete, with nothing', deleteApplicationModal(application, { unregistrable: 0, revoked: 0 })],
    ['Application: refusals', refusals.map(applicationRefusalText).join('\n')],
    ['Application: refused in place of the form', 'view' in refused ? refused.view : ''],
    [
      'Application: errors on a field',
      [...Object.values(applicationFieldErrors), applicationNameError(''), applicationNameError('Pаypal')].join('\n'),
    ],
    ['To an owner: made one', toSam({ added: [sam] })],
    ['To an owner: handed over', toSam({ action: 'hand-over', owners: [sam], added: [sam], removed: [dana] })],
    [
      'To an owner: another took over',
      toSam({ action: 'hand-over', owners: [sam, priya], added: [priya], removed: [dana] }),
    ],
    ['To an owner: removed', toSam({ owners: [dana], removed: [sam] })],
    ['To an owner: deleted', toSam({ action: 'delete' })],
    ['To an owner: another left Slack', toSam({ action: 'depart', actor: null, owners: [sam], removed: [dana] })],
    ['To an owner: by no known person', toSam({ actor: null, added: [sam] })],
    ['To approvers: owners changed', change({ added: [sam], removed: [priya] })],
    ['To approvers: one left', change({ action: 'leave', removed: [dana], owners: [sam] })],
    ['To approvers: handed over', change({ action: 'hand-over', added: [sam], removed: [dana] })],
    ['To approvers: handed to the other owners', change({ action: 'hand-over', removed: [dana] })],
    [
      'To approvers: given to an owner again',
      change({ action: 'hand-over', actor: alex, added: [sam], owners: [sam] }),
    ],
    ['To approvers: taken over by an admin', change({ action: 'hand-over', actor: alex, added: [alex], owners: [] })],
    ['To approvers: an owner left Slack', ownerLeftMessage(dana, [left([sam])], 1, at)],
    ['To approvers: the last owner left Slack', ownerLeftMessage(dana, [left([])], 1, at)],
    [
      'To approvers: an owner of many left Slack',
      ownerLeftMessage(
        dana,
        list(facts.rows(10), () => left([sam, priya])),
        30,
        at,
      ),
    ],
    ['To admins: no owner', ownerlessMessage([ownerless])],
    ['To admins: no owner, handed over', ownerlessMessage([adopted])],
    ['To admins: several without an owner', ownerlessMessage([adopted, ...list(facts.rows(40), () => ownerless)])],
  ];
}
