/**
 * The direct answer to whoever acts: a modal, an ephemeral word, options in a picker. Everything else that is said goes
 * through the outbox. Slack waits 3 seconds for each (https://docs.slack.dev/interactivity/handling-user-interaction).
 */
import type { AckFn, RespondFn, ViewResponseAction } from '@slack/bolt';
import type { ModalView, PlainTextOption } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { within } from '../async/timeout.ts';
import type { Log } from '../observability/log.ts';
import { aside, broken, busy, done, opening, refused, unopened, unsaved } from '../views/fallbacks.ts';
import type { Message } from '../views/message.ts';
import { unavailable } from '../views/registration/register-modal.ts';
import { type Filled, restored } from '../views/reopened-form.ts';
import { platformError } from './errors.ts';

/** How long work may take before a form is answered without it, in milliseconds: some of Slack's 3 s are the network's. */
const patience = 2_000;
/** Who acted, by a command or a click, and the ways to answer. Bolt gives no `respond` for a click in Home or in a modal. */
export type Acted = {
  client: WebClient;
  body: { trigger_id?: string; user?: { id: string }; user_id?: string };
  respond: RespondFn | undefined;
};

/** The acts whose answer has begun. */
const begun = new WeakSet<object>();

/** Whether somebody who acted has been, or is just being, answered by more than an acknowledgement. */
export const isAnswered = (body: object): boolean => begun.has(body);

/** Says something that only the person who acted sees: beside what they did, or, where Slack does not take that, directly. */
export async function whisper({ client, body, respond }: Acted, said: string | Message, log: Log): Promise<void> {
  begun.add(body);
  const message = typeof said === 'string' ? { text: said } : said;
  const beside = respond?.({ response_type: 'ephemeral', replace_original: false, ...message }).then(isTaken);
  const answered = await within(patience, beside ?? Promise.resolve(false), false).catch((error) => {
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
export async function answerClick(acted: Acted, text: string, log: Log): Promise<void> {
  if (acted.respond) await whisper(acted, text, log);
  else await openModal(acted, aside(text), log, text);
}

/**
 * Opens a modal, and says its id. Where Slack does not open it, the person is told otherwise: beside what they did, or in
 * a direct message.
 */
export async function openModal(
  acted: Acted,
  view: ModalView,
  log: Log,
  otherwise = unopened,
): Promise<string | undefined> {
  begun.add(acted.body);
  try {
    const opened = await acted.client.views.open({ trigger_id: acted.body.trigger_id ?? '', view });
    return opened.view?.id;
  } catch (error) {
    // The first of two tries did open it, and only its answer was lost.
    if (platformError(error) === 'exchanged_trigger_id') return undefined;
    log.warn({ err: error }, 'a modal could not be opened');
    await whisper(acted, otherwise, log);
    return undefined;
  }
}

/** What a click opens after a look at the database: a modal, or a word on why not. */
export type Found = { view: ModalView } | { why: string };

/** A click can open a modal for 3 seconds: what is looked up first takes no longer than this, in milliseconds. */
const lookUpFor = 1_000;

/** Opens what was looked up; where that takes long, a modal that says so, which it then becomes. */
export async function openFound(acted: Acted, work: Promise<Found>, log: Log): Promise<void> {
  const inTime = await within(lookUpFor, work, undefined);
  if (inTime && 'view' in inTime) await openModal(acted, inTime.view, log);
  else if (inTime) await answerClick(acted, inTime.why, log);
  else {
    const following = work.catch((error): Found => {
      log.error({ err: error }, 'a form could not be looked up');
      return { why: broken };
    });
    const opened = await openModal(acted, opening, log);
    const found = await following;
    if (opened)
      await acted.client.views.update({ view_id: opened, view: 'view' in found ? found.view : aside(found.why) });
  }
}

/** Fills a picker. Where the database does not answer, the picker says so instead of spinning. */
export async function answerPicker(
  ack: AckFn<{ options: PlainTextOption[] }>,
  options: Promise<PlainTextOption[]>,
  log: Log,
): Promise<void> {
  const found = await within(patience, options, [unavailable]).catch((error) => {
    log.error({ err: error }, 'a picker could not be filled');
    return [unavailable];
  });
  await ack({ options: found });
}

/** What a submitted form comes to: it stays with errors on its fields, becomes another view, or closes. */
export type Submitted = { errors: Record<string, string> } | { view: ModalView } | 'close';

type Submission = {
  ack: AckFn<ViewResponseAction>;
  client: WebClient;
  view: Filled & { id: string };
};

/**
 * Answers a submitted form after the commit, because until then it can still show an error. Where that takes too long the
 * form says so in time and is updated afterwards; where it fails, the form stays, or comes back, as it was filled in.
 */
export async function answerSubmission(
  { ack, client, view }: Submission,
  work: Promise<Submitted>,
  log: Log,
): Promise<void> {
  const settled = work.catch((error): undefined => {
    log.error({ err: error }, 'a submitted form could not be worked on');
  });
  const inTime = await within(patience, settled, 'late' as const);
  if (inTime !== 'late') return ack(inTime ? responseTo(inTime) : stay(view.blocks));
  await ack({ response_action: 'update', view: busy });
  const finished = await settled;
  await client.views.update({ view_id: view.id, view: finished ? viewOf(finished) : restored(view) });
}

function responseTo(submitted: Submitted): ViewResponseAction {
  if (submitted === 'close') return { response_action: 'clear' };
  if ('errors' in submitted) return { response_action: 'errors', errors: submitted.errors };
  return { response_action: 'update', view: submitted.view };
}

function viewOf(submitted: Submitted): ModalView {
  if (submitted === 'close') return done;
  return 'errors' in submitted ? refused(submitted.errors) : submitted.view;
}

/**
 * Keeps a form open, as it was filled in, with a word to try again under its last field. One that has no field has nothing
 * to lose.
 */
export function stay(blocks: { type: string; block_id?: string | undefined }[], word = unsaved): ViewResponseAction {
  const field = blocks.findLast(({ type }) => type === 'input')?.block_id;
  if (field === undefined) return { response_action: 'update', view: aside(word) };
  return { response_action: 'errors', errors: { [field]: word } };
}
