/** Handles applications in Home: owners create, rename, share, hand over, leave and delete them. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import * as changes from '../../db/application/changes.ts';
import type { Deps } from '../../deps.ts';
import {
  type Application,
  type ApplicationAction,
  type ApplicationCommand,
  type ApplicationRefusal,
  applicationActions,
  normalizeName,
} from '../../domain/application.ts';
import { checkAccount } from '../../domain/authorization.ts';
import {
  ackSubmission,
  type ModalOrReason,
  openModal,
  openModalWhenLoaded,
  type SubmissionResult,
} from '../../slack/respond.ts';
import {
  deleteApplicationModal,
  leaveModal,
  newApplicationFormId,
  newApplicationModal,
  renameModal,
} from '../../views/application/forms.ts';
import {
  applicationFormIds,
  applicationMenuId,
  newApplicationButton,
  readMenuChoice,
  readName,
} from '../../views/application/menu.ts';
import { handOverModal, ownersModal, readCoOwners, readNewOwner } from '../../views/application/owner-forms.ts';
import {
  applicationFieldErrors,
  applicationFormErrors,
  applicationNameError,
  applicationRefusalText,
} from '../../views/application/refusals.ts';
import { readReference } from '../../views/button-value.ts';
import { withOwnerNames } from '../shared/owner-names.ts';
import { assignOwner } from './assign-owner.ts';
import { checkNames } from './check-names.ts';

type View = { private_metadata: string; title: { text: string }; state?: { values: unknown } };

export function manageApplications(app: App, deps: Deps): void {
  const { config, db, directory, now, log } = deps;
  assignOwner(app, deps);
  const names = checkNames(app, deps);

  app.action<BlockButtonAction>(newApplicationButton, async ({ ack, body, client, respond }) => {
    await ack();
    await openModal({ client, body, respond }, newApplicationModal(), log);
  });

  app.view<ViewSubmitAction>(newApplicationFormId, async ({ ack, body, view, client }) => {
    const submitted = names.end(view.id).then(() => submittedNew(body.user.id, view));
    await ackSubmission({ ack, client, body, view }, submitted, log);
  });

  app.action<BlockOverflowAction>(applicationMenuId, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openModalWhenLoaded(
      { client, body, respond },
      loadForm(readMenuChoice(action.selected_option.value), body.user.id),
      log,
    );
  });

  for (const action of applicationActions) {
    app.view<ViewSubmitAction>(applicationFormIds[action], async ({ ack, body, view, client }) => {
      const result = names.end(view.id).then(() => submitted(action, body.user.id, view));
      await ackSubmission({ ack, client, body, view }, result, log);
    });
  }

  async function submittedNew(person: string, view: View): Promise<SubmissionResult> {
    const typed = readName(view.state?.values);
    const nameError = applicationNameError(typed);
    if (nameError) return { errors: { name: nameError } };
    const name = normalizeName(typed);
    const denied = checkAccount(await directory.account(person), config.policy);
    if (denied) return applicationFormErrors(view, denied);
    const outcome = await changes.create(db, name, person, now(), config.MAX_APPLICATIONS_PER_PERSON);
    return outcome.ok ? 'close' : applicationFormErrors(view, await withOwnerNames(outcome.refusal, { directory }));
  }

  /** Loads the form that was chosen, from the application as it is now. The submission is checked again. */
  async function loadForm(choice: ReturnType<typeof readMenuChoice>, person: string): Promise<ModalOrReason> {
    const application = await changes.resolve(db, choice);
    if (!choice || !application) return refused({ kind: 'unknown' });
    if (application.deleted) return refused({ kind: 'gone' });
    if (!application.owners.includes(person)) return refused({ kind: 'not-an-owner' });
    if (choice.action === 'leave' && application.owners.length === 1) return refused({ kind: 'only-owner' });
    return { view: await formOf(choice.action, application, person) };
  }

  async function formOf(action: ApplicationAction, application: Application, person: string) {
    switch (action) {
      case 'rename':
        return renameModal(application);
      case 'owners':
        return ownersModal(application, person);
      case 'hand-over':
        return handOverModal(application);
      case 'leave':
        return leaveModal(application);
      case 'delete':
        return deleteApplicationModal(application, await changes.deletionImpact(db, application.id));
    }
  }

  async function submitted(action: ApplicationAction, by: string, view: View): Promise<SubmissionResult> {
    const command = buildCommand(action, view.state?.values);
    if ('errors' in command) return command;
    const about = readReference(view.private_metadata);
    const application = await changes.resolve(db, about);
    if (!about || !application) return applicationFormErrors(view, { kind: 'unknown' });
    const [account, named] = await Promise.all([directory.account(by), lookUp(newOwners(command, application))]);
    const { id } = application;
    const context = { id, seen: about.seen, by, account, named, at: now(), policy: config.policy };
    const outcome = await changes.change(db, context, command);
    return outcome.ok ? 'close' : applicationFormErrors(view, await withOwnerNames(outcome.refusal, { directory }));
  }

  /** Looks up these people; undefined for one that Slack did not answer about. */
  async function lookUp(people: string[]) {
    const members = people.map(async (id) => [id, await directory.member(id).catch(() => undefined)] as const);
    return new Map(await Promise.all(members));
  }
}

const refused = (refusal: ApplicationRefusal): ModalOrReason => ({ why: applicationRefusalText(refusal) });

/** Builds the command from a submitted form, or the errors of its fields. */
function buildCommand(
  action: ApplicationAction,
  values: unknown,
): ApplicationCommand | { errors: Record<string, string> } {
  switch (action) {
    case 'rename': {
      const typed = readName(values);
      const nameError = applicationNameError(typed);
      return nameError ? { errors: { name: nameError } } : { action, name: normalizeName(typed) };
    }
    case 'owners': {
      const others = readCoOwners(values);
      return others ? { action, others } : { errors: { people: applicationFieldErrors.people } };
    }
    case 'hand-over': {
      const to = readNewOwner(values);
      return to ? { action, to } : { errors: { people: applicationFieldErrors.person } };
    }
    case 'leave':
      return { action };
    case 'delete':
      return { action, typed: readName(values) };
  }
}

/** Lists the people whom a command would make owners: Slack is asked about their accounts. */
function newOwners(command: ApplicationCommand, { owners }: Application): string[] {
  const named = command.action === 'owners' ? command.others : command.action === 'hand-over' ? [command.to] : [];
  return named.filter((id) => !owners.includes(id));
}
