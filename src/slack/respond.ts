/**
 * The direct answer to whoever acts: a modal, an ephemeral word, options in a picker. Everything else that is said goes
 * through the outbox. Slack waits 3 seconds for each (https://docs.slack.dev/interactivity/handling-user-interaction).
 */
import type { AckFn, RespondFn, ViewResponseAction } from '@slack/bolt';
import type { ModalView, PlainTextOption } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../async/timeout.ts';
import type { Log } from '../observability/log.ts';
import { done, errorsModal, failed, formNotOpened, loading, notSaved, textModal, working } from '../views/fallbacks.ts';
import type { Message } from '../views/message.ts';
import { unavailableOption } from '../views/registration/register-modal.ts';
import { type FilledForm, reopenedForm } from '../views/reopened-form.ts';
import { slackErrorCode } from './errors.ts';

/** How long work may take before a form is answered without it, in milliseconds: some of Slack's 3 s are the network's. */
const patience = 2_000;
/** Who acted, by a command or a click, and the ways to answer. Bolt gives no `respond` for a click in Home or in a modal. */
export type Interaction = {
  client: WebClient;
  body: { trigger_id?: string; user?: { id: string }; user_id?: string };
  respond: RespondFn | undefined;
};

/** The acts whose answer has begun. */
const begun = new WeakSet<object>();

/** Whether somebody who acted has been, or is just being, answered by more than an acknowledgement. */
export const hasResponded = (body: object): boolean => begun.has(body);

/** Says something that only the person who acted sees: beside what they did, or, where Slack does not take that, directly. */
export async function respondEphemeral(
  { client, body, respond }: Interaction,
  said: string | Message,
  log: Log,
): Promise<void> {
  begun.add(body);
  const message = typeof said === 'string' ? { text: said } : said;
  const beside = respond?.({ response_type: 'ephemeral', replace_original: false, ...message }).then(isTaken);
  const answered = await withTimeout(patience, beside ?? Promise.resolve(false), false).catch((error) => {
    log.warn({ err: error }, 'an answer was not taken beside the message; it goes directly');
    return false;
  });
  const person = body.user?.id ?? body.user_id;
  if (!answered && person) await client.chat.postMessage({ channel: person, ...message });
}

/** Slack says `ok`, in one form or another; what says otherwise, or is a page of something between it and us, was not taken. */
async function isTaken(response: { text(): Promise<string> }): Promise<boolean> {
  const text = (await response.text()).trim();
  return !text.startsWith('<') && !/^\{.*"ok"\s*:\s*false/s.test(text);
}

/** Answers a click wherever it was made: beside the message; where there is none, in Home, by a modal. */
export async function respondToAction(acted: Interaction, text: string, log: Log): Promise<void> {
  if (acted.respond) await respondEphemeral(acted, text, log);
  else await openModal(acted, textModal(text), log, text);
}

/**
 * Opens a modal, and says its id. Where Slack does not open it, the person is told otherwise: beside what they did, or in
 * a direct message.
 */
export async function openModal(
  acted: Interaction,
  view: ModalView,
  log: Log,
  otherwise = formNotOpened,
): Promise<string | undefined> {
  begun.add(acted.body);
  try {
    const opened = await acted.client.views.open({ trigger_id: acted.body.trigger_id ?? '', view });
    return opened.view?.id;
  } catch (error) {
    // The first of two tries did open it, and only its answer was lost.
    if (slackErrorCode(error) === 'exchanged_trigger_id') return undefined;
    log.warn({ err: error }, 'a modal could not be opened');
    await respondEphemeral(acted, otherwise, log);
    return undefined;
  }
}

/** What a click opens after a look-up: a modal, or the reason why not. */
export type ModalOrReason = { view: ModalView } | { why: string };

/**
 * How long a look-up may delay the modal that it is for, in milliseconds: a trigger_id expires after 3 seconds
 * (https://docs.slack.dev/interactivity/handling-user-interaction).
 */
export const lookupTimeout = 1_000;

/** What a modal shows while it is being loaded, and what it becomes where there is nothing to show, and why. */
type Placeholder = { loading: ModalView; unavailable: (why: string) => ModalView };

/** Opens a modal when its content has loaded; where that takes long, opens a placeholder at once and updates it then. */
export async function openModalWhenLoaded(
  acted: Interaction,
  work: Promise<ModalOrReason>,
  log: Log,
  placeholder: Placeholder = { loading, unavailable: textModal },
): Promise<void> {
  const inTime = await withTimeout(lookupTimeout, work, undefined);
  if (inTime && 'view' in inTime) await openModal(acted, inTime.view, log);
  else if (inTime) await respondToAction(acted, inTime.why, log);
  else {
    const following = work.catch((error): ModalOrReason => {
      log.error({ err: error }, 'modal content could not be loaded, the modal says so');
      return { why: failed };
    });
    const opened = await openModal(acted, placeholder.loading, log);
    const found = await following;
    const view = 'view' in found ? found.view : placeholder.unavailable(found.why);
    if (opened) await acted.client.views.update({ view_id: opened, view });
  }
}

/** Fills a picker. Where the database does not answer, the picker says so instead of spinning. */
export async function ackOptions(
  ack: AckFn<{ options: PlainTextOption[] }>,
  options: Promise<PlainTextOption[]>,
  log: Log,
): Promise<void> {
  const found = await withTimeout(patience, options, [unavailableOption]).catch((error) => {
    log.error({ err: error }, 'a picker could not be filled');
    return [unavailableOption];
  });
  await ack({ options: found });
}

/** What a submitted form comes to: it stays with errors on its fields, becomes another view, or closes. */
export type SubmissionResult = { errors: Record<string, string> } | { view: ModalView } | 'close';

type Submission = {
  ack: AckFn<ViewResponseAction>;
  client: WebClient;
  view: FilledForm & { id: string };
};

/**
 * Answers a submitted form after the commit, because until then it can still show an error. Where that takes too long the
 * form says so in time and is updated afterwards; where it fails, the form stays, or comes back, as it was filled in.
 */
export async function ackSubmission(
  { ack, client, view }: Submission,
  work: Promise<SubmissionResult>,
  log: Log,
): Promise<void> {
  const settled = work.catch((error): undefined => {
    log.error({ err: error }, 'a submitted form could not be worked on');
  });
  const inTime = await withTimeout(patience, settled, 'late' as const);
  if (inTime !== 'late') return ack(inTime ? responseTo(inTime) : keepFormOpen(view.blocks));
  await ack({ response_action: 'update', view: working });
  const finished = await settled;
  await client.views.update({ view_id: view.id, view: finished ? viewOf(finished) : reopenedForm(view) });
}

function responseTo(submitted: SubmissionResult): ViewResponseAction {
  if (submitted === 'close') return { response_action: 'clear' };
  if ('errors' in submitted) return { response_action: 'errors', errors: submitted.errors };
  return { response_action: 'update', view: submitted.view };
}

function viewOf(submitted: SubmissionResult): ModalView {
  if (submitted === 'close') return done;
  return 'errors' in submitted ? errorsModal(submitted.errors) : submitted.view;
}

/**
 * Keeps a form open, as it was filled in, with a word to try again under its last field. One that has no field has nothing
 * to lose.
 */
export function keepFormOpen(
  blocks: { type: string; block_id?: string | undefined }[],
  word = notSaved,
): ViewResponseAction {
  const field = blocks.findLast(({ type }) => type === 'input')?.block_id;
  if (field === undefined) return { response_action: 'update', view: textModal(word) };
  return { response_action: 'errors', errors: { [field]: word } };
}
