/** Handles Assign owner on the message about an application without owners: an admin assigns one. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import * as changes from '../../db/application/changes.ts';
import * as ownerless from '../../db/application/ownerless.ts';
import type { Deps } from '../../deps.ts';
import type { ApplicationRefusal } from '../../domain/application.ts';
import { admins, isApprover, membershipsToCheck } from '../../domain/authorization.ts';
import type { MessageLocation, NumberedReference, Reference } from '../../domain/reference.ts';
import {
  ackSubmission,
  type ModalOrReason,
  messageOf,
  openModalWhenLoaded,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { assignOwnerButton } from '../../views/application/messages.ts';
import { assignOwnerFormId, assignOwnerModal, readNewOwner } from '../../views/application/owner-forms.ts';
import {
  applicationFieldErrors,
  applicationFormErrors,
  applicationRefusalText,
} from '../../views/application/refusals.ts';
import { readButton, readReference } from '../../views/button-value.ts';
import { hideChannels } from '../shared/hide-channels.ts';

export function assignOwner(app: App, { config, db, directory, now, log }: Deps): void {
  app.action<BlockButtonAction>(assignOwnerButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openModalWhenLoaded(
      { client, body, respond },
      loadForm(readButton(action.value), messageOf(body), body.user.id).then((shown) =>
        hideChannels(shown, body.user.id, { directory }),
      ),
      log,
    );
  });

  app.view<ViewSubmitAction>(assignOwnerFormId, async ({ ack, body, view, client }) => {
    const by = body.user.id;
    const result = submitted(by, view).then((shown) => hideChannels(shown, by, { directory }));
    await ackSubmission({ ack, client, body, view }, result, log);
  });

  async function loadForm(
    about: Reference | NumberedReference | undefined,
    message: MessageLocation | undefined,
    person: string,
  ): Promise<ModalOrReason> {
    const application = await changes.resolve(db, about, message);
    if (!about || !application) return refused({ kind: 'unknown' });
    if (application.deleted) return refused({ kind: 'gone' });
    if (application.owners.length > 0) return refused({ kind: 'owned' });
    const admin = await isAdmin(person);
    if (!admin)
      return refused(
        admin === undefined ? { kind: 'unsure' } : { kind: 'not-an-admin', askInstead: admins(config.policy) },
      );
    return { view: assignOwnerModal({ ...application, version: about.seen }) };
  }

  async function submitted(
    by: string,
    view: { private_metadata: string; title: { text: string }; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const to = readNewOwner(view.state?.values);
    if (!to) return { errors: { people: applicationFieldErrors.person } };
    const about = readReference(view.private_metadata);
    const [application, admin, known] = await Promise.all([
      changes.resolve(db, about),
      isAdmin(by),
      directory.member(to).catch(() => undefined),
    ]);
    if (!about || !application) return applicationFormErrors(view, { kind: 'unknown' });
    const { id } = application;
    const { policy } = config;
    const named = new Map([[to, known]]);
    const asking = { id, seen: about.seen, by, at: now(), to, admin, askInstead: admins(policy), named, policy };
    const outcome = await ownerless.assign(db, asking);
    return outcome.ok ? 'close' : applicationFormErrors(view, outcome.refusal);
  }

  async function isAdmin(person: string): Promise<boolean | undefined> {
    const asked = admins(config.policy);
    const memberships = await directory.memberships(person, membershipsToCheck(asked, person));
    return isApprover(person, asked, memberships, config.policy);
  }
}

const refused = (refusal: ApplicationRefusal): ModalOrReason => ({ why: applicationRefusalText(refusal) });
