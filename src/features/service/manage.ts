/** Handles the catalog in Home: admins add, edit, enable, disable, auto-approve, retire and restore services. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as homes from '../../db/home/homes.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { admins, checkCatalogChange, membershipsToCheck } from '../../domain/authorization.ts';
import type { Reference } from '../../domain/reference.ts';
import { type CatalogService, type ServiceRefusal, type Toggle, toggles } from '../../domain/service.ts';
import { cachedUserGroups } from '../../slack/channels-and-groups.ts';
import {
  ackOptions,
  ackSubmission,
  type ModalOrReason,
  openModalWhenLoaded,
  respondToAction,
  type SubmissionResult,
} from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { textModal } from '../../views/fallbacks.ts';
import { addButton, readServiceMenu, serviceMenu } from '../../views/home/catalog.ts';
import {
  type ConfirmedToggle,
  confirmChangeId,
  confirmChangeModal,
  isConfirmed,
  readConfirmedChange,
  removesAccess,
} from '../../views/service/confirm-change.ts';
import {
  decodeFormState,
  encodeFormState,
  type FormState,
  readServiceForm,
  serviceRefusalText,
  slugTakenError,
} from '../../views/service/form.ts';
import {
  type GroupOption,
  groupOption,
  groupsPicker,
  type ServiceForm,
  serviceModal,
  serviceModalId,
  toTyped,
} from '../../views/service/modal.ts';
import { hideChannels } from '../shared/hide-channels.ts';
import { showServiceHistory } from './history.ts';
import { validateService } from './validate.ts';

/** How long the names of user groups may delay the form, in milliseconds. Without them it shows their ids. */
const groupNamesTimeout = 600;

const gone: ServiceRefusal = { kind: 'gone' };

export function manageServices(app: App, deps: Deps): void {
  const { config, db, directory, now, log } = deps;
  const gateways = [...deps.gateways.values()].map(({ name, kind }) => ({ name, kind }));
  const groups = cachedUserGroups(app.client, now);
  const validate = validateService(deps, app.client);
  const history = showServiceHistory(app, deps, authorize);

  app.action<BlockButtonAction>(addButton, async ({ ack, body, client, respond }) => {
    await ack();
    await openModalWhenLoaded({ client, body, respond }, shownTo(body.user.id, loadNewForm(body.user.id)), log);
  });

  app.action<BlockOverflowAction>(serviceMenu, async ({ ack, action, body, client, respond }) => {
    await ack();
    const chosen = readServiceMenu(action.selected_option.value);
    const interaction = { client, body, respond };
    const by = body.user.id;
    if (chosen?.what === 'history') return history(interaction, chosen.publicId, by);
    if (chosen?.what === 'edit')
      return openModalWhenLoaded(interaction, shownTo(by, loadEditForm(chosen.publicId, by)), log);
    if (chosen && isConfirmed(chosen.what))
      return openModalWhenLoaded(interaction, shownTo(by, loadConfirmation(chosen.what, chosen, by)), log);
    const refusal = chosen ? await toggle(chosen.what, chosen, by) : gone;
    if (refusal)
      await respondToAction(interaction, await hideChannels(serviceRefusalText(refusal), by, { directory }), log);
  });

  app.view<ViewSubmitAction>(confirmChangeId, async ({ ack, body, view, client }) => {
    const change = readConfirmedChange(view.private_metadata);
    const removes = change?.what === 'retire' && removesAccess(view.state.values);
    const refusal = change ? toggle(change.what, change, body.user.id, removes) : Promise.resolve(gone);
    const result = refusal.then(
      (why): SubmissionResult => (why ? { view: textModal(serviceRefusalText(why)) } : 'close'),
    );
    await ackSubmission({ ack, client, body, view }, shownTo(body.user.id, result), log);
  });

  /** Returns what is shown to a person: without the names of channels that they cannot see. */
  const shownTo = async <Shown>(person: string, shown: Promise<Shown>): Promise<Shown> =>
    hideChannels(await shown, person, { directory });

  /** Makes a change from the menu of a service, and takes its access away where it `removes` that. Returns why not, or null. */
  async function toggle(what: Toggle, seen: Reference, by: string, removes = false): Promise<ServiceRefusal | null> {
    const denied = await authorize(by);
    if (denied) return denied;
    const wanted = removes ? { ...toggles[what], access: null } : toggles[what];
    const changed = await services.change(db, { ...seen, by, at: now() }, wanted);
    if (!changed.ok) return changed.refusal;
    await showAtOnce(by);
    return null;
  }

  /** Loads what a change would do, unless it is refused already. The submission is checked again. */
  async function loadConfirmation(what: ConfirmedToggle, seen: Reference, person: string): Promise<ModalOrReason> {
    const [refusal, service] = await Promise.all([authorize(person), services.resolve(db, seen.publicId)]);
    if (refusal) return refused(refusal);
    if (!service) return refused(gone);
    if (service.managedBy === 'file') return refused({ kind: 'managed-by-file' });
    if (service.version !== seen.seen) {
      const since = await services.changesSince(db.tables, service.id, seen.seen);
      return refused({ kind: 'stale', version: service.version, since });
    }
    const named = { ...seen, version: seen.seen, name: service.name, access: service.access };
    return { view: confirmChangeModal(what, named, await services.changeImpact(db, service.id)) };
  }

  app.options(groupsPicker, async ({ ack, options }) => {
    const typed = (options.value ?? '').toLowerCase();
    const found = groups().then((all) => all.filter((group) => searchText(group).includes(typed)));
    await ackOptions(
      ack,
      found.then((some) => some.slice(0, optionLimit).map(groupOption)),
      log,
    );
  });

  app.view<ViewSubmitAction>(serviceModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, body, view }, shownTo(body.user.id, submitted(body.user.id, view)), log);
  });

  async function loadNewForm(person: string): Promise<ModalOrReason> {
    const refusal = await authorize(person);
    if (refusal) return refused(refusal);
    const remembers = encodeFormState(notReviewed(null));
    return { view: serviceModal({ remembers, adding: true, typed: {}, groups: [], gateways }) };
  }

  async function loadEditForm(publicId: string, person: string): Promise<ModalOrReason> {
    const [refusal, service] = await Promise.all([authorize(person), services.resolve(db, publicId)]);
    if (refusal) return refused(refusal);
    if (!service) return refused(gone);
    if (service.managedBy === 'file') return refused({ kind: 'managed-by-file' });
    const remembers = encodeFormState(notReviewed({ publicId, seen: service.version }));
    return { view: await formOf(service, { remembers, adding: false }) };
  }

  /** Shows the review first and saves at the second submission, if validation then finds what the review said. */
  async function submitted(
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const state = decodeFormState(view.private_metadata);
    const denied = await authorize(person);
    if (denied?.kind === 'unsure') return { errors: { name: serviceRefusalText(denied) } };
    if (denied || !state) return { view: textModal(serviceRefusalText(denied ?? gone)) };
    const read = readServiceForm(view.state?.values);
    if (!read.ok) return read;
    const adding = state.service === null;
    const checked = await validate(read.service, state.service);
    if (!checked.ok) return checked;
    const { said, asked } = checked;
    if (JSON.stringify(said) !== JSON.stringify(state.said)) {
      const remembers = encodeFormState({ service: state.service, said });
      return { view: await formOf(read.service, { remembers, adding, asked }) };
    }
    return save(person, read.service, state);
  }

  async function save(by: string, service: CatalogService, { service: edited }: FormState): Promise<SubmissionResult> {
    const { slug, ...settings } = service;
    const saved = edited
      ? await services.change(db, { ...edited, by, at: now() }, settings)
      : await services.add(db, service, by, now());
    if (saved.ok) {
      await showAtOnce(by);
      return 'close';
    }
    const { refusal } = saved;
    switch (refusal.kind) {
      case 'stale': {
        const remembers = encodeFormState(notReviewed(edited ? { ...edited, seen: refusal.version } : null));
        return { view: await formOf(service, { remembers, adding: false, overtaken: refusal.since }) };
      }
      case 'slug-taken':
        return { errors: slugTakenError(slug) };
      default:
        return { errors: { name: serviceRefusalText(refusal) } };
    }
  }

  /** Updates the Home of the admin who acted at once; the outbox updates those of all other admins. */
  const showAtOnce = (person: string) => homes.show(db, person, now());

  async function formOf(service: CatalogService, form: Omit<ServiceForm, 'typed' | 'groups' | 'gateways'>) {
    const groups = await namedGroups(service);
    return serviceModal({ ...form, typed: toTyped(service, form.adding), groups, gateways });
  }

  /** Lists the user groups with their names, for a service that has some; none where Slack does not answer in time. */
  async function namedGroups({ approvers }: { approvers: string[] }): Promise<GroupOption[]> {
    if (!approvers.some((id) => id.startsWith('S'))) return [];
    return withTimeout(groupNamesTimeout, groups(), []).catch(() => []);
  }

  /** Checks whether the user may change the catalog: at the click, and again at the submission, which may be hours later. */
  async function authorize(person: string) {
    const memberships = await directory.memberships(person, membershipsToCheck(admins(config.policy), person));
    return checkCatalogChange(person, memberships, config.policy);
  }
}

const refused = (refusal: ServiceRefusal): ModalOrReason => ({ why: serviceRefusalText(refusal) });

/** Returns what a search for a user group matches: its handle and its name, in lower case. */
const searchText = ({ handle, name }: { handle: string; name: string }): string => `@${handle} ${name}`.toLowerCase();

/** Returns the state of a form whose content has not been reviewed yet. */
const notReviewed = (service: FormState['service']): FormState => ({ service, said: null });
