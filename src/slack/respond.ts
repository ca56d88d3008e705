/**
 * Responds to the user who acts: with a modal, an ephemeral message, or options for a picker. Everything else is posted by
 * the outbox. Slack waits 3 seconds for a response (https://docs.slack.dev/interactivity/handling-user-interaction).
 */
import type { AckFn, RespondFn, ViewResponseAction } from '@slack/bolt';
import type { ModalView, PlainTextOption } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../async/timeout.ts';
import type { MessageLocation } from '../domain/reference.ts';
import type { Log } from '../observability/log.ts';
import { section } from '../views/blocks.ts';
import {
  done,
  endedMessage,
  errorsModal,
  failed,
  formNotOpened,
  loading,
  notSaved,
  textModal,
  working,
} from '../views/fallbacks.ts';
import type { Message } from '../views/message.ts';
import { type RequestNames, requestLine } from '../views/registration/forms/request-line.ts';
import { unavailableOption } from '../views/registration/register-modal.ts';
import { type FilledForm, reopenedForm } from '../views/reopened-form.ts';
import { slackErrorCode } from './errors.ts';

/** How long work may take before the ack goes without its result, in milliseconds: the network needs some of the 3 s. */
const ackDeadline = 2_000;

/** A command or a click, with the ways to respond to it. Bolt gives no `respond` for a click in Home or in a modal. */
export type Interaction = {
  client: WebClient;
  body: { trigger_id?: string; user?: { id: string }; user_id?: string };
  respond: RespondFn | undefined;
};

/** Returns the message whose button was clicked; undefined for a click in Home or in a modal. */
export function messageOf({ container }: { container: Record<string, unknown> }): MessageLocation | undefined {
  const { type, channel_id: channel, message_ts: ts } = container;
  return type === 'message' && typeof channel === 'string' && typeof ts === 'string' ? { channel, ts } : undefined;
}

/** The bodies of interactions that a response has begun for. */
const responding = new WeakSet<object>();

/** Marks an interaction that needs no response beyond the ack: what is still being typed. */
export const needsNoResponse = (body: object): void => void responding.add(body);

/** Tells whether the user has got, or is getting, a response beyond the ack. */
export const hasResponded = (body: object): boolean => responding.has(body);

/** Sends an ephemeral message to the user who acts; where Slack does not take it, a direct message. */
export async function respondEphemeral(
  { client, body, respond }: Interaction,
  content: string | Message,
  log: Log,
): Promise<void> {
  responding.add(body);
  const message = typeof content === 'string' ? { text: content } : content;
  const accepted = respond?.({ response_type: 'ephemeral', replace_original: false, ...message }).then(isAccepted);
  const sent = await withTimeout(ackDeadline, accepted ?? Promise.resolve(false), false).catch((error) => {
    log.warn({ err: error }, 'ephemeral message not accepted, will send a direct message');
    return false;
  });
  const userId = body.user?.id ?? body.user_id;
  if (!sent && userId) await client.chat.postMessage({ channel: userId, ...message });
}

/**
 * Tells whether Slack accepted a post to a response URL. Slack responds `ok` as text or in JSON; a proxy on the way may
 * respond with a page.
 */
async function isAccepted(response: { text(): Promise<string> }): Promise<boolean> {
  const text = (await response.text()).trim();
  return !text.startsWith('<') && !/^\{.*"ok"\s*:\s*false/s.test(text);
}

/** Responds to a click: with an ephemeral message, or, in Home and in modals, with a modal. `about` names the request. */
export async function respondToAction(
  interaction: Interaction,
  text: string,
  log: Log,
  about?: RequestNames,
): Promise<void> {
  const named = about ? [requestLine(about)] : [];
  if (!interaction.respond) await openModal(interaction, textModal(text, named), log, text);
  else await respondEphemeral(interaction, about ? { text, blocks: [section(text), ...named] } : text, log);
}

/** Opens a modal, and returns its ID. Where Slack does not open it, sends `fallback` as an ephemeral message. */
export async function openModal(
  interaction: Interaction,
  view: ModalView,
  log: Log,
  fallback = formNotOpened,
): Promise<string | undefined> {
  responding.add(interaction.body);
  try {
    const opened = await interaction.client.views.open({ trigger_id: interaction.body.trigger_id ?? '', view });
    return opened.view?.id;
  } catch (error) {
    // The first attempt opened it, and only its response was lost.
    if (slackErrorCode(error) === 'exchanged_trigger_id') return undefined;
    log.warn({ err: error }, 'modal could not be opened, will send an ephemeral message');
    await respondEphemeral(interaction, fallback, log);
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
  interaction: Interaction,
  work: Promise<ModalOrReason>,
  log: Log,
  placeholder: Placeholder = { loading, unavailable: textModal },
): Promise<void> {
  const inTime = await withTimeout(lookupTimeout, work, undefined);
  if (inTime && 'view' in inTime) await openModal(interaction, inTime.view, log);
  else if (inTime) await respondToAction(interaction, inTime.why, log);
  else {
    const pending = work.catch((error): ModalOrReason => {
      log.error({ err: error }, 'modal content could not be loaded, the modal shows it');
      return { why: failed };
    });
    const viewId = await openModal(interaction, placeholder.loading, log);
    const found = await pending;
    const view = 'view' in found ? found.view : placeholder.unavailable(found.why);
    if (viewId) await interaction.client.views.update({ view_id: viewId, view });
  }
}

/** Acknowledges a picker with its options. Where they do not load in time, the only option asks to type again. */
export async function ackOptions(
  ack: AckFn<{ options: PlainTextOption[] }>,
  options: Promise<PlainTextOption[]>,
  log: Log,
): Promise<void> {
  const found = await withTimeout(ackDeadline, options, [unavailableOption]).catch((error) => {
    log.error({ err: error }, 'picker options could not be loaded, shown as unavailable');
    return [unavailableOption];
  });
  await ack({ options: found });
}

/** What a submitted form leads to: it stays with errors on its fields, becomes another view, or closes. */
export type SubmissionResult = { errors: Record<string, string> } | { view: ModalView } | 'close';

type Submission = {
  ack: AckFn<ViewResponseAction>;
  client: WebClient;
  body: { user: { id: string } };
  view: FilledForm & { id: string };
};

/**
 * Acknowledges a submitted form with the result of `work`: not before the commit, because until then the form can still
 * show an error. Where that takes too long, the ack shows that work goes on, and the view is updated afterwards; where it was
 * closed meanwhile, a direct message says how it ended. Where the work fails, the form stays, or comes back, as it was filled in.
 */
export async function ackSubmission(
  { ack, client, body, view }: Submission,
  work: Promise<SubmissionResult>,
  log: Log,
): Promise<void> {
  const result = work.catch((error): undefined => {
    log.error({ err: error }, 'form submission failed, the form stays open');
  });
  const inTime = await withTimeout(ackDeadline, result, 'late' as const);
  if (inTime !== 'late') return ack(inTime ? responseTo(inTime) : keepFormOpen(view.blocks));
  await ack({ response_action: 'update', view: working });
  const finished = await result;
  const ended = finished && viewOf(finished);
  await client.views.update({ view_id: view.id, view: ended ?? reopenedForm(view) }).catch(async (error) => {
    log.warn({ err: error }, 'form could not be updated, will send a direct message with how it ended');
    await client.chat.postMessage({ channel: body.user.id, ...endedMessage(view, ended) });
  });
}

function responseTo(result: SubmissionResult): ViewResponseAction {
  if (result === 'close') return { response_action: 'clear' };
  if ('errors' in result) return { response_action: 'errors', errors: result.errors };
  return { response_action: 'update', view: result.view };
}

function viewOf(result: SubmissionResult): ModalView {
  if (result === 'close') return done;
  return 'errors' in result ? errorsModal(result.errors) : result.view;
}

/**
 * Returns the ack that keeps a form open as it was filled in, with an error under its last field. A form without fields is
 * replaced by the text.
 */
export function keepFormOpen(
  blocks: { type: string; block_id?: string | undefined }[],
  text = notSaved,
): ViewResponseAction {
  const field = blocks.findLast(({ type }) => type === 'input')?.block_id;
  if (field === undefined) return { response_action: 'update', view: textModal(text) };
  return { response_action: 'errors', errors: { [field]: text } };
}
