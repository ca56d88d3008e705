/** `/unregister`, or Unregister in Home: an owner gives up what an application has, or takes a request back. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { within } from '../../async/timeout.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as changes from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import type { Outcome } from '../../domain/registration.ts';
import { storable } from '../../domain/text.ts';
import {
  answerClick,
  answerPicker,
  answerSubmission,
  openModal,
  type Submitted,
  whisper,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { type Pressed, pressed } from '../../views/button-value.ts';
import { unregisterButton } from '../../views/home/applications.ts';
import { withdrawn } from '../../views/registration/pending-message.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import {
  choiceNeeded,
  nothingToUnregister,
  readChoice,
  registrationOption,
  registrationPicker,
  unregisterErrors,
  unregistered,
  unregisterModal,
  unregisterModalId,
} from '../../views/registration/unregister-modal.ts';

/** Whether there is anything to unregister is looked up before the form opens, but not for longer than this, in ms. */
const lookUpFor = 1_000;

export function unregister(app: App, { config, db, directory, now, log }: Deps): void {
  app.command('/unregister', async ({ ack, command, client, respond }) => {
    await ack();
    const any = registrations.unregistrable(db, command.user_id, '', 1).then((found) => found.length > 0);
    const openForm = await within(lookUpFor, any, true).catch(() => true);
    const acted = { client, body: command, respond };
    if (openForm) await openModal(acted, unregisterModal(), log);
    else await whisper(acted, nothingToUnregister, log);
  });

  app.options(registrationPicker, async ({ ack, options, body }) => {
    const found = registrations.unregistrable(db, body.user.id, storable(options.value ?? ''), optionLimit);
    await answerPicker(
      ack,
      found.then((mine) => mine.map(registrationOption)),
      log,
    );
  });

  app.action<BlockButtonAction>(unregisterButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const choice = pressed(action.value);
    const outcome = choice && (await take(choice, body.user.id));
    const acted = { client, body, respond };
    if (!outcome?.ok) await answerClick(acted, refusalText(outcome?.refusal ?? { kind: 'gone' }), log);
    // The Home redraws itself; a message with this button stays as it was.
    else if (body.container.type === 'message') await whisper(acted, withdrawn, log);
  });

  app.view<ViewSubmitAction>(unregisterModalId, async ({ ack, body, view, client }) => {
    await answerSubmission({ ack, client, view }, submitted(body.user.id, view.state?.values), log);
  });

  async function submitted(person: string, values: unknown): Promise<Submitted> {
    const choice = readChoice(values);
    if (!choice) return { errors: choiceNeeded };
    const outcome = await take(choice, person);
    if (!outcome.ok) return { errors: unregisterErrors(outcome.refusal, config.TIME_ZONE) };
    const gone = await registrations.find(db, choice.id);
    return { view: unregistered(gone?.service.name ?? '', gone?.application ?? '') };
  }

  async function take(choice: Pressed, by: string): Promise<Outcome> {
    const memberships = await directory.memberships(by, []);
    const { policy } = config;
    return changes.change(db, { ...choice, action: 'unregister', by, at: now(), policy, memberships });
  }
}
