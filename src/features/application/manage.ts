/** Applications, in Home: their owners make, rename, share, hand over, leave and delete them. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import * as changes from '../../db/application/changes.ts';
import type { Deps } from '../../deps.ts';
import {
  type Application,
  type ApplicationAction,
  type ApplicationRefusal,
  applicationActions,
  tidyName,
  type Wish,
} from '../../domain/application.ts';
import { refuseAccount } from '../../domain/authorization.ts';
import { answerSubmission, type Found, openFound, openModal, type Submitted } from '../../slack/respond.ts';
import {
  deleteModal,
  leaveModal,
  newApplicationForm,
  newApplicationModal,
  renameModal,
} from '../../views/application/forms.ts';
import { chosen, formIds, menuId, newApplicationButton, typedName } from '../../views/application/menu.ts';
import { handOverModal, ownersModal, readPeople, readPerson } from '../../views/application/owner-forms.ts';
import { needed, refusedForm, sentence, wrongName } from '../../views/application/refusals.ts';
import { pressed } from '../../views/button-value.ts';
import { adoption } from './assign-owner.ts';

type View = { private_metadata: string; title: { text: string }; state?: { values: unknown } };

export function applications(app: App, deps: Deps): void {
  const { config, db, directory, now, log } = deps;
  adoption(app, deps);

  app.action<BlockButtonAction>(newApplicationButton, async ({ ack, body, client, respond }) => {
    await ack();
    await openModal({ client, body, respond }, newApplicationModal(), log);
  });

  app.view<ViewSubmitAction>(newApplicationForm, async ({ ack, body, view, client }) => {
    await answerSubmission({ ack, client, view }, created(body.user.id, view), log);
  });

  app.action<BlockOverflowAction>(menuId, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openFound({ client, body, respond }, read(chosen(action.selected_option.value), body.user.id), log);
  });

  for (const action of applicationActions) {
    app.view<ViewSubmitAction>(formIds[action], async ({ ack, body, view, client }) => {
      await answerSubmission({ ack, client, view }, submitted(action, body.user.id, view), log);
    });
  }

  async function created(person: string, view: View): Promise<Submitted> {
    const name = tidyName(typedName(view.state?.values));
    const wrong = wrongName(name);
    if (wrong) return { errors: { name: wrong } };
    const mayNot = refuseAccount(await directory.account(person), config.policy);
    if (mayNot) return refusedForm(view, mayNot);
    const outcome = await changes.create(db, name, person, now());
    return outcome.ok ? 'close' : refusedForm(view, outcome.refusal);
  }

  /** The form that was chosen, for what the application now is. What counts is asked again when it is submitted. */
  async function read(choice: ReturnType<typeof chosen>, person: string): Promise<Found> {
    const application = choice && (await changes.find(db, choice.id));
    if (!application || application.deleted) return refused({ kind: 'gone' });
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
        return deleteModal(application, await changes.holding(db, application.id));
    }
  }

  async function submitted(action: ApplicationAction, by: string, view: View): Promise<Submitted> {
    const wish = wishOf(action, view.state?.values);
    if ('errors' in wish) return wish;
    const about = pressed(view.private_metadata);
    const application = about && (await changes.find(db, about.id));
    if (!application) return refusedForm(view, { kind: 'gone' });
    const [account, named] = await Promise.all([directory.account(by), known(newcomers(wish, application))]);
    const { id, seen } = about;
    const asking = { id, seen, by, account, named, at: now(), policy: config.policy };
    const outcome = await changes.change(db, asking, wish);
    return outcome.ok ? 'close' : refusedForm(view, outcome.refusal);
  }

  /** What Slack says of these people, where it says anything. */
  async function known(people: string[]) {
    const asked = people.map(async (id) => [id, await directory.colleague(id).catch(() => undefined)] as const);
    return new Map(await Promise.all(asked));
  }
}

const refused = (refusal: ApplicationRefusal): Found => ({ why: sentence(refusal) });

/** What was filled in; else what each field needs. */
function wishOf(action: ApplicationAction, values: unknown): Wish | { errors: Record<string, string> } {
  switch (action) {
    case 'rename': {
      const name = tidyName(typedName(values));
      const wrong = wrongName(name);
      return wrong ? { errors: { name: wrong } } : { action, name };
    }
    case 'owners': {
      const others = readPeople(values);
      return others ? { action, others } : { errors: { people: needed.people } };
    }
    case 'hand-over': {
      const to = readPerson(values);
      return to ? { action, to } : { errors: { people: needed.person } };
    }
    case 'leave':
      return { action };
    case 'delete':
      return { action, typed: typedName(values) };
  }
}

/** Of whom Slack has to be asked whether they can own anything. */
function newcomers(wish: Wish, { owners }: Application): string[] {
  const named = wish.action === 'owners' ? wish.others : wish.action === 'hand-over' ? [wish.to] : [];
  return named.filter((id) => !owners.includes(id));
}
