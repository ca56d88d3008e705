/** Handles `/unregister` and Unregister in Home: an owner ends a registration of an application, or withdraws a request. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as history from '../../db/audit-log/append.ts';
import * as registrations from '../../db/registration/registrations.ts';
import * as transitions from '../../db/registration/transitions.ts';
import type { Deps } from '../../deps.ts';
import type { Reference } from '../../domain/reference.ts';
import type { Outcome, Refusal } from '../../domain/registration.ts';
import { toStorable } from '../../domain/text.ts';
import {
  ackOptions,
  ackSubmission,
  lookupTimeout,
  openModal,
  respondEphemeral,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { readReference } from '../../views/button-value.ts';
import { unregisterButton } from '../../views/home/applications.ts';
import { withdrawnText } from '../../views/registration/pending-message.ts';
import {
  choiceError,
  nothingToUnregister,
  readChoice,
  registrationOption,
  registrationPicker,
  unregisterErrors,
  unregisteredModal,
  unregisterModal,
  unregisterModalId,
} from '../../views/registration/unregister-modal.ts';
import { respondToRefusal } from '../shared/respond-to-refusal.ts';

export function unregister(app: App, { config, db, directory, now, log }: Deps): void {
  app.command('/unregister', async ({ ack, command, client, respond }) => {
    await ack();
    const any = registrations.searchUnregistrable(db, command.user_id, '', 1).then((found) => found.length > 0);
    const openForm = await withTimeout(lookupTimeout, any, true).catch(() => true);
    const interaction = { client, body: command, respond };
    if (openForm) await openModal(interaction, unregisterModal(), log);
    else await respondEphemeral(interaction, nothingToUnregister, log);
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
    const choice = readReference(action.value);
    const { outcome, row } = choice ? await execute(choice, body.user.id) : {};
    const interaction = { client, body, respond };
    if (!outcome?.ok)
      await respondToRefusal(interaction, outcome?.refusal ?? { kind: 'gone' }, row, { directory, log });
    // The outbox updates the Home, and the message with this button, where more than this may be listed.
    else if (body.container.type === 'message') await respondEphemeral(interaction, withdrawnText, log);
  });

  app.view<ViewSubmitAction>(unregisterModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, body, view }, submitted(body.user.id, view.state?.values), log);
  });

  async function submitted(person: string, values: unknown): Promise<SubmissionResult> {
    const choice = readChoice(values);
    if (!choice) return { errors: choiceError };
    const { outcome, row } = await execute(choice, person);
    if (!outcome.ok) return { errors: unregisterErrors(outcome.refusal, config.TIME_ZONE) };
    return { view: unregisteredModal(row?.service.name ?? '', row?.application ?? '', row?.registration.status) };
  }

  /** Unregisters, and returns the registration as it was before. */
  async function execute(
    choice: Reference,
    by: string,
  ): Promise<{ outcome: Outcome; row?: registrations.FoundRegistration }> {
    const [found, memberships] = await Promise.all([registrations.resolve(db, choice), directory.memberships(by, [])]);
    if (!found) return { outcome: { ok: false, refusal: { kind: 'gone' } } };
    const { id } = found.registration;
    const { policy } = config;
    const command = { id, seen: choice.seen, action: 'unregister' as const, by, at: now(), policy, memberships };
    const outcome = await transitions.apply(db, command);
    if (outcome.ok) return { outcome, row: found };
    return { outcome: { ok: false, refusal: await ownAct(outcome.refusal, found.registration, by) }, row: found };
  }

  /** Says where the user has unregistered it before, and from which status: pressed twice, a button is no riddle. */
  async function ownAct(
    refusal: Refusal,
    { id, version }: { id: number; version: number },
    by: string,
  ): Promise<Refusal> {
    if (refusal.kind !== 'already' || refusal.last.status !== 'unregistered' || refusal.last.by !== by) return refusal;
    // One version more, where it was unregistered since the row was read.
    const [event] = await history.listEvents(db, id, version + 1, 1);
    return event?.from ? { kind: 'already-unregistered', from: event.from } : refusal;
  }
}
