/** Requests: the form, its confirmation and errors, and the ways to take one back. */
import { confirmation } from '../../../src/views/registration/confirmation.ts';
import { deleteRequestModal, notDeleted } from '../../../src/views/registration/forms/delete-modal.ts';
import { editModal, notEdited } from '../../../src/views/registration/forms/edit-reason-modal.ts';
import { decisionRefusedModal, reasonModal } from '../../../src/views/registration/forms/reason-modal.ts';
import { refusalText } from '../../../src/views/registration/refusals.ts';
import {
  alreadyAskedText,
  askAgainRefusal,
  createOption,
  mixedScriptOption,
  ownedOption,
  readRegisterForm,
  registerModal,
  requestErrors,
  serviceOptions,
  takenOption,
  tooLongOption,
  unavailableOption,
} from '../../../src/views/registration/register-modal.ts';
import {
  choiceError,
  nothingToUnregister,
  registrationOption,
  unregisterErrors,
  unregisteredModal,
  unregisterModal,
} from '../../../src/views/registration/unregister-modal.ts';
import { alex, approvers, at, dana, type Facts, id, list, members, sam, unseen } from '../facts.ts';
import type { Scene } from '../scenes.ts';

export function requestScenes(facts: Facts): Scene[] {
  const { service, application, reason, description } = facts;
  const names = { service, application, requester: dana };
  const seen = { publicId: id, seen: 1 };
  const offered = { publicId: id, slug: 'orders', name: service, description, registrationEnabled: true };
  const rejection = { publicId: id, version: 2, changedBy: alex, changedAt: at, changeReason: reason };
  const own = { publicId: id, name: application };
  const last = { status: 'approved', by: alex, at } as const;
  const errors = (kinds: Parameters<typeof requestErrors>[0][]) =>
    kinds.map((refusal) => Object.values(requestErrors(refusal, 'UTC')).join()).join('\n');
  const asked = { service, approvers, deadEnd: false };
  return [
    ['Register, empty', registerModal()],
    ['Register, for a service that is not there', registerModal({ unknown: service })],
    [
      'Register, to ask again after a rejection',
      registerModal({ preselected: offered, application: own, reason, rejection }),
    ],
    [
      'Ask again: refused',
      [
        askAgainRefusal({ kind: 'not-an-owner' }),
        askAgainRefusal({ kind: 'application-deleted' }),
        askAgainRefusal({ kind: 'closed', service, state: 'disabled' }),
        askAgainRefusal({ kind: 'closed', service, state: 'retired' }),
      ].join('\n'),
    ],
    [
      'Register: services to choose',
      {
        options: [
          ...serviceOptions(list(facts.rows(98), () => ({ ...offered, description: '' }))),
          ...serviceOptions([offered, { ...offered, slug: 'no', name: 'Old API', registrationEnabled: false }]),
        ],
      },
    ],
    [
      'Register: applications to choose',
      {
        options: [
          createOption(application),
          ownedOption(own),
          takenOption(application, []),
          takenOption(application, [facts.person]),
          tooLongOption,
          mixedScriptOption(application),
          unavailableOption,
        ],
      },
    ],
    [
      'Register: fields that are empty',
      Object.values((({ errors: empty }) => empty)(readRegisterForm({}) as { errors: Record<string, string> })).join(
        '\n',
      ),
    ],
    [
      'Register: errors on a field',
      errors([
        { field: 'services', kind: 'may-not-ask', why: { kind: 'external' } },
        { field: 'services', kind: 'unknown-service' },
        { field: 'services', kind: 'disabled', services: [service] },
        {
          field: 'services',
          kind: 'existing',
          existing: (['pending', 'approved', 'rejected', 'revoked'] as const).map((status) => ({
            service,
            status,
            since: at,
          })),
        },
        { field: 'services', kind: 'too-many', pending: 1, limit: 1 },
        { field: 'services', kind: 'too-many', pending: 20, limit: 20 },
        { field: 'services', kind: 'too-fast', limit: 100, until: at },
        { field: 'services', kind: 'too-fast', limit: 100, until: undefined },
        { field: 'services', kind: 'unreachable', services: [service] },
        { field: 'application', kind: 'too-many-applications', limit: 100 },
        { field: 'application', kind: 'not-yours' },
        { field: 'application', kind: 'name-taken', name: application, owners: [], mine: true },
        { field: 'application', kind: 'name-taken', name: application, owners: [facts.person], mine: false },
        { field: 'application', kind: 'name-taken', name: application, owners: [], mine: false },
      ]),
    ],
    ['Asked again already', alreadyAskedText({ service, application, status: 'pending', since: at })],
    ['Registered: under review', confirmation(application, [{ ...asked, status: 'pending' }], null)],
    [
      'Registered: some approved, in a channel that the reader cannot see',
      confirmation(
        application,
        [
          ...list(facts.rows(9), () => ({ ...asked, status: 'pending' as const, approvers: unseen })),
          { ...asked, status: 'approved' },
        ],
        null,
      ),
    ],
    ['Registered: approved', confirmation(application, [{ ...asked, status: 'approved' }], null)],
    [
      'Registered: no one else can decide',
      confirmation(
        application,
        list(facts.rows(10), () => ({ ...asked, status: 'pending' as const, deadEnd: true })),
        approvers,
      ),
    ],
    [
      'Registered: no one else can decide, and no other admin is named',
      confirmation(application, [{ ...asked, approvers: members, status: 'pending', deadEnd: true }], null),
    ],
    ['Registered: the form was used before', confirmation(application, [{ ...asked, status: 'rejected' }], null)],
    ['Reject', reasonModal('reject', seen, names)],
    ['Revoke', reasonModal('revoke', seen, names)],
    ['Approve with a note', reasonModal('approve', seen, names)],
    [
      'Reject, too late',
      decisionRefusedModal('reject', refusalText({ kind: 'already', action: 'reject', last }, names)),
    ],
    ['Edit reason', editModal(seen, names, reason)],
    ['Edit reason, too late', notEdited(refusalText({ kind: 'stale', action: 'edit', last }, names))],
    ['Delete a pending request', deleteRequestModal(seen, names, 'pending')],
    ['Delete an approved request', deleteRequestModal(seen, names, 'approved')],
    ['Delete, refused', notDeleted(refusalText({ kind: 'unsure' }, names))],
    ['Unregister', unregisterModal()],
    [
      'Unregister: registrations to choose',
      {
        options: list(facts.rows(100), () =>
          registrationOption({ publicId: id, version: 1, service, application, status: 'pending' }),
        ),
      },
    ],
    [
      'Unregister: errors on the field',
      [
        choiceError,
        unregisterErrors({ kind: 'stale', action: 'unregister', last: { ...last, status: 'pending' } }, 'UTC'),
        unregisterErrors({ kind: 'stale', action: 'unregister', last }, 'UTC'),
        unregisterErrors({ kind: 'already', action: 'unregister', last: { ...last, status: 'revoked' } }, 'UTC'),
        unregisterErrors({ kind: 'already-unregistered', from: 'approved' }, 'UTC'),
        unregisterErrors({ kind: 'gone' }, 'UTC'),
      ]
        .map(({ registration }) => registration)
        .join('\n'),
    ],
    ['Unregister: withdrawn', unregisteredModal(service, application, 'pending')],
    ['Unregister: done', unregisteredModal(service, application, 'approved')],
    ['Unregister: nothing', nothingToUnregister],
    [
      'Refusals',
      [
        refusalText({ kind: 'already', last: { ...last, status: 'pending' } }),
        refusalText({ kind: 'already', last }),
        refusalText({ kind: 'already-unregistered', from: 'pending' }),
        refusalText({ kind: 'already-unregistered', from: 'approved' }),
        refusalText({ kind: 'stale', action: 'approve', last: { ...last, status: 'pending' } }),
        refusalText({ kind: 'stale', action: 'approve', last }),
        refusalText({ kind: 'stale', action: 'unregister', last }),
        refusalText({ kind: 'stale', action: 'edit', last }),
        refusalText({ kind: 'stale', action: 'expire', last }),
        refusalText({ kind: 'gone' }),
        refusalText({ kind: 'card-unknown' }),
        refusalText({ kind: 'copy', card: 'https://acme.slack.com/archives/C0REQUESTS/p1' }),
        refusalText({ kind: 'copy', card: undefined }),
        refusalText({ kind: 'application-deleted' }),
        refusalText({ kind: 'own-request', askInstead: approvers }),
        refusalText({ kind: 'own-request', askInstead: approvers, deadEnd: { admins: approvers } }),
        refusalText({ kind: 'own-request', askInstead: approvers, deadEnd: { admins: null } }),
        refusalText({ kind: 'own-application', askInstead: members }),
        refusalText({ kind: 'not-an-approver', askInstead: { ...members, users: [alex] } }, names),
        refusalText({
          kind: 'not-an-approver',
          askInstead: { users: list(12, (index) => `U0${index}`), groups: [], channel: 'C0REQUESTS' },
        }),
        refusalText({ kind: 'not-an-owner' }),
        refusalText({ kind: 'not-the-requester' }),
        refusalText({ kind: 'not-a-reader', askInstead: [approvers, { ...members, users: [sam] }] }),
        refusalText({ kind: 'put-off', by: alex, until: at }),
        refusalText({ kind: 'external' }),
        refusalText({ kind: 'deactivated' }),
        refusalText({ kind: 'unsure' }),
      ].join('\n'),
    ],
  ];
}
