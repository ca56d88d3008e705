/** `/unregister`, or Unregister in Home: an owner gives up what an application has, or takes a request back. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as changes from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import type { Outcome } from '../../domain/registration.ts';
import { toStorable } from '../../domain/text.ts';
import {
  ackOptions,
  ackSubmission,
  openModal,
  respondEphemeral,
  respondToAction,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { type ButtonValue, readButton } from '../../views/button-value.ts';
import { unregisterButton } from '../../views/home/applications.ts';
import { withdrawnText } from '../../views/registration/pending-message.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import {
  choiceNeeded,
  nothingToUnregister,
  readChoice,
  registrationOption,
  registrationPicker,
  unregisterErrors,
  unregisteredModal,
  unregisterModal,
  unregisterModalId,
} from '../../views/registration/unregister-modal.ts';

/** Whether there is anything to unregister is looked up before the form opens, but not for longer than this, in ms. */
const lookUpFor = 1_000;

export function unregister(app: App, { config, db, directory, now, log }: Deps): void {
  app.command('/unregister', async ({ ack, command, client, respond }) => {
    await ack();
    const any = registrations.searchUnregistrable(db, command.user_id, '', 1).then((found) => found.length > 0);
    const openForm = await withTimeout(lookUpFor, any, true).catch(() => true);
    const acted = { client, body: command, respond };
    if (openForm) await openModal(acted, unregisterModal(), log);
    else await respondEphemeral(acted, nothingToUnregister, log);
  });

  app.options(registrationPicker, async ({ ack, options, body }) => {
    const found = registrations.searchUnregistrable(db, body.user.id, toStorable(options.value ?? ''), optionLimit);
    await ackOptions(
      ack,
      found.then((mine) => mine.map(registrationOption)),
      log,
    );
  });

  app.action<BlockButtonAction>(unregisterButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const choice = readButton(action.value);
    const outcome = choice && (await take(choice, body.user.id));
    const acted = { client, body, respond };
    if (!outcome?.ok) await respondToAction(acted, refusalText(outcome?.refusal ?? { kind: 'gone' }), log);
    // The Home redraws itself; a message with this button stays as it was.
    else if (body.container.type === 'message') await respondEphemeral(acted, withdrawnText, log);
  });

  app.view<ViewSubmitAction>(unregisterModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, view }, submitted(body.user.id, view.state?.values), log);
  });

  async function submitted(person: string, values: unknown): Promise<SubmissionResult> {
    const choice = readChoice(values);
    if (!choice) return { errors: choiceNeeded };
    const outcome = await take(choice, person);
    if (!outcome.ok) return { errors: unregisterErrors(outcome.refusal, config.TIME_ZONE) };
    const gone = await registrations.find(db, choice.id);
    return { view: unregisteredModal(gone?.service.name ?? '', gone?.application ?? '') };
  }

  async function take(choice: ButtonValue, by: string): Promise<Outcome> {
    const memberships = await directory.memberships(by, []);
    const { policy } = config;
    return changes.apply(db, { ...choice, action: 'unregister', by, at: now(), policy, memberships });
  }
}
