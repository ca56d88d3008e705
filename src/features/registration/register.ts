/** Handles `/register` and Register in Home: a person requests services for one of their applications. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as applications from '../../db/application/applications.ts';
import * as requests from '../../db/registration/requests.ts';
import * as catalog from '../../db/service/picker-search.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { allowedApprovers, checkAccount } from '../../domain/authorization.ts';
import type { Reference } from '../../domain/reference.ts';
import { inStatusSince } from '../../domain/registration.ts';
import { firstReminder } from '../../domain/reminder.ts';
import { serviceState } from '../../domain/service.ts';
import { toStorable } from '../../domain/text.ts';
import {
  ackOptions,
  ackSubmission,
  type Interaction,
  lookupTimeout,
  openModal,
  respondEphemeral,
  respondToAction,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { publicId, readReference } from '../../views/button-value.ts';
import { helpText } from '../../views/help.ts';
import { registerButton } from '../../views/home/register-button.ts';
import { confirmation } from '../../views/registration/confirmation.ts';
import { askAgainButton } from '../../views/registration/decision-message.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import {
  alreadyAskedText,
  applicationPicker,
  askAgainRefusal,
  type FormPrefill,
  readRegisterForm,
  registerModal,
  registerModalId,
  requestErrors,
  serviceOptions,
  servicesPicker,
} from '../../views/registration/register-modal.ts';
import { adminsBeside, someoneElseDecides } from '../shared/other-approvers.ts';
import { withOwnerNames } from '../shared/owner-names.ts';
import { approversFor } from '../shared/shown-approvers.ts';
import { offerApplications } from './application-picker.ts';

export function register(app: App, { config, db, directory, now, log }: Deps): void {
  app.command('/register', async ({ ack, command, client, respond }) => {
    await ack();
    if (/^\s*help\s*$/i.test(command.text)) return respondEphemeral({ client, body: command, respond }, helpText, log);
    await openForm({ client, body: command, respond }, command.user_id, prefill(command.user_id, command.text));
  });

  app.action<BlockButtonAction>(registerButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    await openForm({ client, body, respond }, body.user.id, choose(action.value, body.user.id));
  });

  app.action<BlockButtonAction>(askAgainButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const seen = readReference(action.value);
    const interaction = { client, body, respond };
    await openForm(interaction, body.user.id, seen ? resubmit(seen, body.user.id) : Promise.resolve(gone));
  });

  app.options(servicesPicker, async ({ ack, options }) => {
    const typed = toStorable(options.value ?? '');
    const found = catalog.search(db, typed, optionLimit);
    await ackOptions(
      ack,
      found.then((services) => serviceOptions(services, typed)),
      log,
    );
  });

  app.options(applicationPicker, async ({ ack, options, body }) => {
    await ackOptions(ack, offerApplications(body.user.id, toStorable(options.value ?? ''), { db, directory }), log);
  });

  app.view<ViewSubmitAction>(registerModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, body, view }, submitted(body.user.id, view), log);
  });

  /** Opens the form, unless Slack says in time that this person may not use it. The submission checks it in any case. */
  async function openForm(interaction: Interaction, person: string, prefill: Promise<Prefill>): Promise<void> {
    const [account, values] = await Promise.all([
      withTimeout(lookupTimeout, directory.account(person), undefined),
      withTimeout(lookupTimeout, prefill, noPrefill).catch(() => noPrefill),
    ]);
    const refused = account && checkAccount(account, config.policy);
    if (refused) await respondToAction(interaction, refusalText(refused), log);
    else if ('why' in values) await respondToAction(interaction, values.why, log);
    else await openModal(interaction, registerModal(values), log);
  }

  /** Finds what the form is prefilled with to ask again, or why it cannot be asked. */
  async function resubmit(seen: Reference, person: string): Promise<Prefill> {
    const found = await requests.findForResubmit(db, seen, person);
    if (!found) return gone;
    const { registration, service, application, owned, live } = found;
    if (!owned) return { why: askAgainRefusal({ kind: 'not-an-owner' }) };
    if (!application) return { why: askAgainRefusal({ kind: 'application-deleted' }) };
    if (live) {
      const { status } = live;
      const named = { service: service.name, application: application.name };
      return { why: alreadyAskedText({ ...named, status, since: inStatusSince(live) }) };
    }
    const state = serviceState(service);
    if (state !== 'open') return { why: askAgainRefusal({ kind: 'closed', service: service.name, state }) };
    const rejection = registration.status === 'rejected' ? registration : undefined;
    return { preselected: service, application, reason: registration.reason, rejection };
  }

  /** Finds what the form is prefilled with for a service of the catalog; the value of the button on top names none. */
  async function choose(value: unknown, person: string): Promise<Prefill> {
    const id = publicId.safeParse(value).data;
    const [mine, preselected] = await Promise.all([prefill(person), id && services.resolve(db, id)]);
    if (id && !preselected) return gone;
    return preselected ? { ...mine, preselected } : mine;
  }

  /** Finds what the form is prefilled with: the service that was typed after the command, and the person's only application. */
  async function prefill(person: string, typed = ''): Promise<FormPrefill> {
    const [service, application] = await Promise.all([preselect(typed), applications.findOnlyOwned(db, person)]);
    return { ...service, application };
  }

  /** Finds the service that was typed after the command: by its slug or name, or the only one that matches. */
  async function preselect(text: string) {
    // Slack escapes these three characters in a command's text (https://docs.slack.dev/messaging/formatting-message-text).
    const unescaped = toStorable(text).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').trim();
    const typed = stripDelimiters(unescaped);
    if (typed === '') return {};
    // A sentence may end with the name.
    const bare = stripDelimiters(typed.replace(/[.,;:!?]+$/, '').trim()) || typed;
    const [named, meant, [first, ...more]] = await Promise.all([
      catalog.findByExactName(db, typed),
      catalog.findByExactName(db, bare),
      catalog.search(db, bare, 2),
    ]);
    const service = named ?? meant ?? (more.length === 0 ? first : undefined);
    return service ? { preselected: service } : { unknown: typed };
  }

  async function submitted(
    person: string,
    view: { id: string; private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const read = readRegisterForm(view.state?.values);
    if (!read.ok) return read;
    const account = await directory.account(person);
    const at = now();
    const outcome = await requests.create(db, {
      ...read.form,
      requester: person,
      account,
      policy: config.policy,
      again: readReference(view.private_metadata),
      form: view.id,
      at,
      remindAt: firstReminder(at, config.REMIND_AFTER),
      autoApprove: config.AUTO_APPROVE,
      maxPending: config.MAX_PENDING_PER_PERSON,
      maxPerHour: config.MAX_REQUESTS_PER_HOUR,
      maxApplications: config.MAX_APPLICATIONS_PER_PERSON,
    });
    if (!outcome.ok) {
      const refusal = await withOwnerNames(outcome.refusal, { directory });
      return { errors: requestErrors(refusal, config.TIME_ZONE) };
    }
    const shown = outcome.created.map(async ({ rule, ...one }) => {
      const approvers = allowedApprovers(rule, config.policy);
      const unseen = { ...approvers, channel: null };
      const own = [...new Set([person, ...outcome.owners])];
      const [seen, others] = await Promise.all([
        withTimeout(lookupTimeout, approversFor(person, approvers, { directory }), unseen),
        withTimeout(lookupTimeout, someoneElseDecides(approvers, own, { config, directory }), true).catch(() => true),
      ]);
      return { ...one, approvers: seen, deadEnd: !others };
    });
    const requested = await Promise.all(shown);
    return { view: confirmation(outcome.application, requested, adminsBeside(person, { config })) };
  }
}

const noPrefill: Prefill = {};

const gone = { why: refusalText({ kind: 'gone' }) };

/** What the form is filled in with, or why it does not open. */
type Prefill = FormPrefill | { why: string };

/** Strips the quotes, asterisks or backticks that people put around a name, of one kind or several. */
function stripDelimiters(text: string): string {
  const inner = /^(?:"(.+)"|'(.+)'|“(.+)”|‘(.+)’|„(.+)[“”]|«(.+)»|\*(.+)\*|_(.+)_|~(.+)~|`+(.+?)`+)$/s.exec(text);
  const found = inner?.slice(1).find((group) => group !== undefined);
  return found === undefined ? text : stripDelimiters(found.trim());
}
