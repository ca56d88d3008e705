/**
 * A sample of every kind of message and view that Registrar sends, with the longest names and reasons, and the most rows. Slack says
 * whether it would take them (block-kit.ts). A test walks src/views: a kind without a sample here fails it.
 */
import type { HomeView, ModalView } from '@slack/types';
import { applicationNameLimit, maxOwners } from '../../domain/application.ts';
import { type HistoryEvent, type Registration, reasonLimit } from '../../domain/registration.ts';
import { type CatalogService, type ServiceChange, serviceLimits } from '../../domain/service.ts';
import * as applicationForms from '../../views/application/forms.ts';
import * as applicationMessages from '../../views/application/messages.ts';
import * as ownerForms from '../../views/application/owner-forms.ts';
import * as accessAlarm from '../../views/channel/access-alarm.ts';
import * as copy from '../../views/channel/copy.ts';
import * as digest from '../../views/channel/digest.ts';
import * as incident from '../../views/channel/incident.ts';
import * as reminder from '../../views/channel/reminder.ts';
import * as fallbacks from '../../views/fallbacks.ts';
import { maxShown } from '../../views/home/applications.ts';
import { maxQueued } from '../../views/home/approval-queue.ts';
import { maxServices } from '../../views/home/catalog.ts';
import * as home from '../../views/home/home.ts';
import type { Message } from '../../views/message.ts';
import * as accessMessages from '../../views/registration/access-messages.ts';
import * as approverMessage from '../../views/registration/approver-message.ts';
import * as approverReminder from '../../views/registration/approver-reminder.ts';
import * as card from '../../views/registration/card.ts';
import * as confirmation from '../../views/registration/confirmation.ts';
import * as decisionMessage from '../../views/registration/decision-message.ts';
import * as deleteModal from '../../views/registration/forms/delete-modal.ts';
import * as editReasonModal from '../../views/registration/forms/edit-reason-modal.ts';
import * as reasonModal from '../../views/registration/forms/reason-modal.ts';
import * as history from '../../views/registration/history-modal.ts';
import * as keys from '../../views/registration/keys.ts';
import * as list from '../../views/registration/list.ts';
import * as pendingMessage from '../../views/registration/pending-message.ts';
import * as receipt from '../../views/registration/receipt.ts';
import * as registerModal from '../../views/registration/register-modal.ts';
import * as unregisterModal from '../../views/registration/unregister-modal.ts';
import * as reopenedForm from '../../views/reopened-form.ts';
import * as confirmChange from '../../views/service/confirm-change.ts';
import * as serviceHistory from '../../views/service/history-modal.ts';
import * as serviceModal from '../../views/service/modal.ts';
import * as ruleChange from '../../views/service/rule-change.ts';

/** What is sent, or nothing but a modal or a Home. */
export type Sample = Message | ModalView | HomeView;

/** Makes a text of so many characters, and some grow when they are escaped. */
const long = (characters: number): string =>
  'Orders & <Refunds> '
    .repeat(60)
    .slice(0, characters - 1)
    .padEnd(characters, '.');

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const at = new Date('2026-01-05T09:00:00Z');
const publicId = '00000000-0000-4000-8000-000000000000';
const service = long(serviceLimits.name);
const application = long(applicationNameLimit);
const reason = long(reasonLimit);
const why = long(500);
const people = times(maxOwners, (index) => `U0123456${100 + index}`);
const [person = ''] = people;
const channel = 'C0123456789';
const link = `https://example.slack.com/archives/${channel}/p1767603600000000`;
const approvers = { users: people, groups: times(5, (index) => `S012345678${index}`), channel };
const gateway = 'edge';
const access = { gateway, group: long(100), credential: 'key' } as const;
const open = { kind: 'open', gateway, since: at, keys: publicId } as const;
const stillOpen = { kind: 'still-open', gateway, since: at, failure: 'unreachable' } as const;
const reference = { publicId, seen: 1 };
const names = { service, application, requester: person };
const page = <T>(rows: T[]) => ({ rows, page: 2, pages: 9, total: 999 });

const event = (
  version: number,
  action: HistoryEvent['action'],
  from: HistoryEvent['from'],
  to: HistoryEvent['to'],
) => ({
  version,
  actor: person,
  action,
  from,
  to,
  reason,
  at,
});
const events = times(40, (index) => event(index + 1, 'edit', 'pending', 'pending'));
const rejection = event(41, 'reject', 'pending', 'rejected');

const registration: Registration = {
  id: 1,
  publicId,
  version: 40,
  status: 'pending',
  service: { name: service, description: long(serviceLimits.description), docs: link, state: 'open' },
  application,
  owners: people,
  applicationDeleted: false,
  requester: person,
  reason,
  requestedAt: at,
  approvers,
  otherServices: times(30, () => service),
  history: events,
  askedAgain: false,
  access: null,
  previousRequests: times(3, () => ({
    application,
    requester: person,
    requestedAt: at,
    card: { channel, ts: '1767603600.000000' },
    history: [rejection],
  })),
};
const rejected: Registration = { ...registration, status: 'rejected', history: [...events, rejection] };
const approved: Registration = { ...registration, status: 'approved', access: open };

const theApplication = { id: 1, publicId, name: application, version: 1, owners: people, deleted: false };
const settings: CatalogService = {
  slug: long(serviceLimits.slug).replace(/[^a-z]/g, 'a'),
  name: service,
  description: long(serviceLimits.description),
  docs: `https://example.com/${'a'.repeat(serviceLimits.docs - 20)}`,
  registrationEnabled: true,
  autoApprove: false,
  channel,
  approvers: [...people, ...approvers.groups],
  access,
};
const change: ServiceChange = { version: 2, actor: person, before: settings, after: settings, at };
const listed = (id: number) => ({ id, publicId, version: 1, service, application, called: why, requestedAt: at, link });
const groups = approvers.groups.map((id) => ({ id, handle: long(20) }));

/** By the module in src/views, and its function or constant; a kind that differs by what it shows has several. */
export const samples: { [view: string]: () => Sample[] } = {
  'application/forms.newApplicationModal': () => [applicationForms.newApplicationModal()],
  'application/forms.renameModal': () => [applicationForms.renameModal(theApplication)],
  'application/forms.withNameNotice': () => [
    applicationForms.withNameNotice(applicationForms.renameModal(theApplication), long(1000)),
  ],
  'application/forms.leaveModal': () => [applicationForms.leaveModal(theApplication)],
  'application/forms.deleteApplicationModal': () => [
    applicationForms.deleteApplicationModal(theApplication, { unregistrable: 999, revoked: 999 }),
  ],
  'application/messages.ownerMessage': () =>
    (['owners', 'hand-over', 'depart', 'delete'] as const).map((action) =>
      applicationMessages.ownerMessage(
        { application, action, actor: person, added: people, removed: people, owners: people },
        person,
      ),
    ),
  'application/messages.ownershipMessage': () => [
    applicationMessages.ownershipMessage(
      { application, action: 'hand-over', actor: person, added: people, removed: people, owners: people, at },
      times(10, () => ({ name: service, status: 'approved' as const })),
      999,
    ),
  ],
  'application/messages.ownerLeftMessage': () => [
    applicationMessages.ownerLeftMessage(
      person,
      times(10, (index) => ({ application, owners: index === 0 ? [] : people })),
      999,
      at,
    ),
  ],
  'application/messages.ownerlessMessage': () => {
    const ownerless = { publicId, version: 1, application, left: person, since: at, adopted: null };
    const adopted = { ...ownerless, adopted: { by: person, owner: person, at } };
    return [[ownerless], [adopted], times(20, () => ownerless)].map(applicationMessages.ownerlessMessage);
  },
  'application/owner-forms.ownersModal': () => [ownerForms.ownersModal(theApplication, person)],
  'application/owner-forms.handOverModal': () => [ownerForms.handOverModal(theApplication)],
  'application/owner-forms.assignOwnerModal': () => [ownerForms.assignOwnerModal(theApplication)],
  'channel/access-alarm.accessAlarm': () => [
    accessAlarm.accessAlarm(gateway, {
      rows: times(accessAlarm.maxNamed, () => ({ application, group: long(100), since: at, failure: 'unreachable' })),
      total: 999,
    }),
  ],
  'channel/copy.copyMessage': () => [copy.copyMessage(link)],
  'channel/digest.digestMessage': () => {
    const week = {
      days: times(7, (index) => ({ date: `2026-01-0${index + 1}`, opened: 999, approved: 999, rejected: 999 })),
      automatic: 99,
      withdrawn: 99,
      deleted: 99,
      expired: 99,
      timeToDecision: { median: 1e9, percentile95: 1e10 },
      waiting: 99,
      oldest: { service, application, requestedAt: at, channel, ts: '1767603600.000000' },
    };
    return [digest.digestMessage(week, { link, withChart: false }, at)];
  },
  'channel/incident.incidentMessage': () =>
    [channel, 'direct', 'mail'].map((place) =>
      incident.incidentMessage({ place, why: 'channel_not_found', open: place === channel, deadLetters: 999 }),
    ),
  'channel/reminder.reminderMessage': () => [
    reminder.reminderMessage(
      times(reminder.maxListed, (id) => ({
        ...listed(id),
        state: 'retired' as const,
        elsewhere: { channel },
        expires: at,
        snoozed: id % 2 ? { by: person, until: at } : undefined,
      })),
      999,
      { users: times(60, () => person), groups: approvers.groups },
      at,
    ),
  ],
  'channel/reminder.replacedReminder': () => [reminder.replacedReminder],
  'channel/reminder.lastReminders': () => [reminder.lastReminders(times(reminder.maxListed, listed), 999, at)],
  'fallbacks.textModal': () => [fallbacks.textModal(why)],
  'fallbacks.loading': () => [fallbacks.loading],
  'fallbacks.working': () => [fallbacks.working],
  'fallbacks.done': () => [fallbacks.done],
  'fallbacks.errorsModal': () => [fallbacks.errorsModal({ one: why, two: why })],
  'fallbacks.endedMessage': () => [fallbacks.endedMessage({}, fallbacks.errorsModal({ one: why, two: why }))],
  'home/home.homeView': () => [
    home.homeView(
      {
        held: page(
          times(maxShown, (id) => ({
            applicationId: id,
            applicationPublicId: publicId,
            application,
            owners: times(20, () => person),
            registration: {
              id,
              publicId,
              version: 1,
              status: 'pending' as const,
              since: at,
              mine: true,
              access: stillOpen,
              message: undefined,
              card: link,
            },
            service: { name: service, docs: settings.docs, approvers, state: 'open' as const },
          })),
        ),
        waiting: {
          ...page(
            times(maxQueued, (id) => ({
              id,
              publicId,
              version: 1,
              service,
              application,
              requester: person,
              reason,
              requestedAt: at,
              cardChannel: channel,
              state: 'retired' as const,
            })),
          ),
          filter: { active: true, service: { publicId, slug: settings.slug, name: service }, search: application },
        },
        catalog: {
          ...page(
            times(maxServices, (id) => ({
              ...settings,
              id,
              publicId,
              version: 1,
              retired: false,
              managedBy: 'slack' as const,
              asked: approvers,
            })),
          ),
          search: settings.slug,
          admin: true,
          usual: approvers,
        },
        unsure: true,
      },
      at,
    ),
  ],
  'registration/access-messages.accessEndedMessage': () => [
    accessMessages.accessEndedMessage(times(10, () => ({ service: long(150), application: long(60) }))),
  ],
  'registration/access-messages.accessChangeOverMessage': () => [
    accessMessages.accessChangeOverMessage([{ service: long(150), application: long(60) }], true),
  ],
  'registration/access-messages.accessOpenMessage': () => [
    accessMessages.accessOpenMessage({
      application,
      gateway,
      services: times(10, () => ({ registration: publicId, name: service, credential: 'key' as const })),
    }),
  ],
  'registration/access-messages.accessLostMessage': () =>
    [null, { gateway, credential: 'key' as const, open: true }].map((now) =>
      accessMessages.accessLostMessage({
        application,
        gateway,
        registration: { publicId },
        service,
        stillOpen: true,
        now,
      }),
    ),
  'registration/approver-message.approverMessage': () =>
    [registration, rejected].map((one) => approverMessage.approverMessage(one, { able: true, home: link })),
  'registration/approver-reminder.approverReminder': () =>
    [0, reminder.maxListed / 2].map((others) =>
      approverReminder.approverReminder(
        times(reminder.maxListed - others, (id) => ({
          ...listed(id),
          state: 'retired' as const,
          elsewhere: undefined,
          expires: at,
          snoozed: id % 2 ? { by: person, until: at } : undefined,
        })),
        times(others, (id) => ({ ...listed(100 + id), status: 'rejected' as const, changedBy: person, changedAt: at })),
        { total: 999, home: link, now: at },
      ),
    ),
  'registration/card.requestCard': () =>
    [registration, rejected, approved].map((one) => card.requestCard(one, { title: why, linkTo: () => link })),
  'registration/card.movedCard': () => [card.movedCard(registration, { channel, link })],
  'registration/card.accessEndedReply': () => [
    card.accessEndedReply({ ...registration, access: stillOpen }, event(2, 'unregister', 'approved', 'unregistered')),
  ],
  'registration/confirmation.confirmation': () => [
    confirmation.confirmation(
      application,
      times(10, () => ({ service, status: 'pending' as const, approvers, deadEnd: true })),
      approvers,
    ),
  ],
  'registration/decision-message.decisionMessage': () => [
    decisionMessage.decisionMessage([{ registration: rejected, entry: rejection }]),
    decisionMessage.decisionMessage([
      { registration: approved, entry: event(2, 'approve', 'pending', 'approved') },
      ...times(9, () => ({ registration: approved, entry: event(2, 'approve', 'pending', 'approved') })),
    ]),
  ],
  'registration/forms/delete-modal.deleteRequestModal': () => [
    deleteModal.deleteRequestModal(reference, names, 'approved'),
  ],
  'registration/forms/delete-modal.notDeleted': () => [deleteModal.notDeleted(why)],
  'registration/forms/edit-reason-modal.editModal': () => [editReasonModal.editModal(reference, names, reason)],
  'registration/forms/edit-reason-modal.notEdited': () => [editReasonModal.notEdited(why)],
  'registration/forms/reason-modal.reasonModal': () =>
    (['approve', 'reject', 'revoke'] as const).map((decision) => reasonModal.reasonModal(decision, reference, names)),
  'registration/forms/reason-modal.decisionRefusedModal': () => [reasonModal.decisionRefusedModal('reject', why)],
  'registration/history-modal.historyModal': () => [
    history.historyModal({
      publicId,
      from: 50,
      latest: 99,
      service,
      application,
      entries: times(history.pageSize, (index) => event(50 - index, 'edit', 'pending', 'pending')),
    }),
  ],
  'registration/history-modal.loadingHistory': () => [history.loadingHistory],
  'registration/history-modal.historyUnavailable': () => [history.historyUnavailable(why)],
  'registration/keys.makingKey': () => [keys.makingKey],
  'registration/keys.keyText': () => [keys.keyText(why)],
  'registration/keys.keyModal': () => [
    keys.keyModal({ application, gateway, secret: 'x'.repeat(60), header: 'apikey', url: link }),
  ],
  'registration/keys.keysModal': () => [
    keys.keysModal(
      {
        application,
        gateway,
        registration: publicId,
        keys: times(2, () => ({ id: publicId, lastFour: 'abcd', madeBy: person, madeAt: at, shown: true })),
      },
      why,
    ),
  ],
  'registration/keys.keyMessage': () =>
    (['made', 'removed', 'lost', 'renew'] as const).map((what) =>
      keys.keyMessage(what, { application, gateway, lastFour: 'abcd', madeBy: person, removedBy: person }),
    ),
  'registration/list.registrationList': () => [
    list.registrationList(
      page(
        times(list.maxRegistrationsListed, (id) => ({
          applicationId: id,
          application,
          registration: { id, status: 'approved' as const, since: at, access: open },
          service: { name: service },
        })),
      ),
    ),
  ],
  'registration/pending-message.pendingMessage': () => [
    pendingMessage.pendingMessage(
      times(10, (id) => ({ ...listed(id), approvers, reminded: approvers, state: 'disabled' as const, owned: true })),
      times(10, (id) => ({ ...listed(100 + id), status: 'rejected' as const, changedBy: person, changedAt: at })),
      999,
    ),
  ],
  'registration/receipt.receiptMessage': () => [
    receipt.receiptMessage(
      long(150),
      at,
      times(10, (id) => ({
        service: long(150),
        status: id === 1 ? ('approved' as const) : ('pending' as const),
        approvers,
      })),
    ),
  ],
  'registration/register-modal.registerModal': () => [
    registerModal.registerModal(),
    registerModal.registerModal({
      preselected: { ...settings, publicId },
      application: theApplication,
      reason,
      rejection: { publicId, version: 2, changedBy: person, changedAt: at, changeReason: reason },
    }),
    registerModal.registerModal({ unknown: why }),
  ],
  'registration/unregister-modal.unregisterModal': () => [unregisterModal.unregisterModal()],
  'registration/unregister-modal.unregisteredModal': () => [unregisterModal.unregisteredModal(service, application)],
  'reopened-form.reopenedForm': () => [reopenedForm.reopenedForm(registerModal.registerModal({ reason }))],
  'service/confirm-change.confirmChangeModal': () =>
    (['disable', 'auto-on', 'retire'] as const).map((what) =>
      confirmChange.confirmChangeModal(
        what,
        { publicId, version: 1, name: service, access },
        { pending: 999, approved: 999 },
      ),
    ),
  'service/history-modal.serviceHistoryModal': () => [
    serviceHistory.serviceHistoryModal({
      publicId,
      service,
      events: times(serviceHistory.maxEvents, (index) => ({
        at,
        registration: index,
        version: 1,
        entry: rejection,
        application,
        requester: person,
      })),
      newest: false,
      older: true,
    }),
  ],
  'service/modal.serviceModal': () => [
    serviceModal.serviceModal({
      remembers: publicId,
      adding: true,
      typed: settings,
      groups,
      gateways: [{ name: gateway, kind: 'kong' }],
      asked: why,
      overtaken: [change],
    }),
  ],
  'service/rule-change.ruleChangeMessage': () => [ruleChange.ruleChangeMessage({ name: service }, change)],
};
