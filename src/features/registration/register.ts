/** `/register`, or Register in Home: a person asks for services on behalf of one of their applications. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { within } from '../../async/timeout.ts';
import * as applications from '../../db/application/applications.ts';
import * as requests from '../../db/registration/requests.ts';
import * as catalog from '../../db/service/picker-search.ts';
import type { Deps } from '../../deps.ts';
import { approversOf, refuseAccount } from '../../domain/authorization.ts';
import { firstReminder } from '../../domain/reminder.ts';
import { storable } from '../../domain/text.ts';
import {
  type Acted,
  answerClick,
  answerPicker,
  answerSubmission,
  openModal,
  type Submitted,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { pressed } from '../../views/button-value.ts';
import { registerButton } from '../../views/home/home.ts';
import { confirmation } from '../../views/registration/confirmation.ts';
import { askAgainButton } from '../../views/registration/decision-message.ts';
import { refusalText } from '../../views/registration/refusals.ts';
import {
  applicationOptions,
  applicationPicker,
  type Opening,
  readForm,
  registerModal,
  registerModalId,
  requestErrors,
  serviceOption,
  servicesPicker,
} from '../../views/registration/register-modal.ts';

/** What is looked up before the form opens, who asks and for which service, takes no longer than this, in milliseconds. */
const lookUpFor = 1_000;

export function register(app: App, { config, db, directory, now, log }: Deps): void {
  app.command('/register', async ({ ack, command, client, respond }) => {
    await ack();
    const looking = within(lookUpFor, preselect(command.text), {}).catch(() => ({}));
    await begin({ client, body: command, respond }, command.user_id, looking);
  });

  app.action<BlockButtonAction>(registerButton, async ({ ack, body, client, respond }) => {
    await ack();
    await begin({ client, body, respond }, body.user.id);
  });

  app.action<BlockButtonAction>(askAgainButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const seen = pressed(action.value);
    const former = seen ? requests.former(db, seen.id, body.user.id) : Promise.resolve({});
    const looking = within(lookUpFor, former, {}).catch(() => ({}));
    await begin({ client, body, respond }, body.user.id, looking);
  });

  app.options(servicesPicker, async ({ ack, options }) => {
    const found = catalog.search(db, storable(options.value ?? ''), optionLimit);
    await answerPicker(
      ack,
      found.then((services) => services.map(serviceOption)),
      log,
    );
  });

  app.options(applicationPicker, async ({ ack, options, body }) => {
    const typed = storable(options.value ?? '');
    const owned = applications.owned(db, body.user.id, typed, optionLimit - 1);
    await answerPicker(
      ack,
      owned.then((mine) => applicationOptions(mine, typed)),
      log,
    );
  });

  app.view<ViewSubmitAction>(registerModalId, async ({ ack, body, view, client }) => {
    await answerSubmission({ ack, client, view }, submitted(body.user.id, view), log);
  });

  /** Opens the form, unless it is known in time that this person may not ask. What counts is asked at the submission. */
  async function begin(acted: Acted, person: string, looking: Promise<Opening> = Promise.resolve({})): Promise<void> {
    const known = within(lookUpFor, directory.account(person), undefined);
    const [account, opening] = await Promise.all([known, looking]);
    const refused = account && refuseAccount(account, config.policy);
    if (refused) await answerClick(acted, refusalText(refused), log);
    else await openModal(acted, registerModal(opening), log);
  }

  async function preselect(text: string) {
    // Slack escapes a command's text, and only these three characters.
    const typed = storable(text).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').trim();
    if (typed === '') return {};
    const [named, [first, ...more]] = await Promise.all([catalog.named(db, typed), catalog.search(db, typed, 2)]);
    const service = named ?? (more.length === 0 ? first : undefined);
    return service ? { preselected: service } : { unknown: typed };
  }

  async function submitted(person: string, view: { id: string; state?: { values: unknown } }): Promise<Submitted> {
    const read = readForm(view.state?.values);
    if (!read.ok) return read;
    const account = await directory.account(person);
    const at = now();
    const opened = await requests.open(db, {
      ...read.form,
      requester: person,
      account,
      policy: config.policy,
      form: view.id,
      at,
      remindAt: firstReminder(at, config.REMIND_AFTER),
      autoApprove: config.AUTO_APPROVE,
      pendingAtMost: config.MAX_PENDING_PER_PERSON,
    });
    if (!opened.ok) return { errors: requestErrors(opened.refusal, config.TIME_ZONE) };
    const asked = opened.opened.map(({ rule, ...one }) => ({ ...one, approvers: approversOf(rule, config.policy) }));
    return { view: confirmation(opened.application, asked) };
  }
}
