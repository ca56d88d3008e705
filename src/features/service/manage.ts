/** The catalog, for admins, in Home: a service is added, edited, enabled or disabled, auto-approved, retired and brought back. */
import type { App, BlockButtonAction, BlockOverflowAction, ViewSubmitAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as homes from '../../db/home/homes.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { admins, checkCatalogChange, membershipsToCheck } from '../../domain/authorization.ts';
import { type CatalogService, type ServiceRefusal, toggles } from '../../domain/service.ts';
import { cachedUserGroups } from '../../slack/channels-and-groups.ts';
import { ackOptions, ackSubmission, openModal, respondToAction, type SubmissionResult } from '../../slack/respond.ts';
import { optionLimit } from '../../views/blocks.ts';
import { failed, textModal } from '../../views/fallbacks.ts';
import { addButton, readServiceMenu, serviceMenu } from '../../views/home/catalog.ts';
import {
  decodeFormState,
  encodeFormState,
  type FormState,
  readServiceForm,
  serviceRefusalText,
  slugTaken,
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
import { showServiceHistory } from './history.ts';
import { validateService } from './validate.ts';

/** What a form needs is looked up before it opens, but not for longer than this, in milliseconds. */
const lookUpFor = 1_000;
/** What the user groups are called is only nice to know: then the form shows their ids. */
const groupsWithin = 600;

const gone: ServiceRefusal = { kind: 'gone' };

type Opening = { ok: true; form: ServiceForm } | { ok: false; refusal: ServiceRefusal };

export function manageServices(app: App, deps: Deps): void {
  const { config, db, directory, now, log } = deps;
  const groups = cachedUserGroups(app.client, now);
  const check = validateService(deps, app.client);
  const history = showServiceHistory(app, deps, mayChange);

  app.action<BlockButtonAction>(addButton, async ({ ack, body, client, respond }) => {
    await ack();
    await open({ client, body, respond }, empty(body.user.id));
  });

  app.action<BlockOverflowAction>(serviceMenu, async ({ ack, action, body, client, respond }) => {
    await ack();
    const chosen = readServiceMenu(action.selected_option.value);
    const acted = { client, body, respond };
    if (chosen?.what === 'history') return history(acted, chosen.id, body.user.id);
    if (chosen?.what === 'edit') return open(acted, filled(chosen.id, body.user.id));
    const refused = await mayChange(body.user.id);
    const by = { id: chosen?.id ?? 0, seen: chosen?.seen ?? 0, by: body.user.id, at: now() };
    const kept = refused || !chosen ? undefined : await services.change(db, by, toggles[chosen.what]);
    const refusal = refused ?? (kept?.ok ? null : (kept?.refusal ?? gone));
    if (refusal) await respondToAction(acted, serviceRefusalText(refusal), log);
    else await shownAtOnce(body.user.id);
  });

  app.options(groupsPicker, async ({ ack, options }) => {
    const typed = (options.value ?? '').toLowerCase();
    const found = groups().then((all) => all.filter((group) => titled(group).includes(typed)));
    await ackOptions(
      ack,
      found.then((some) => some.slice(0, optionLimit).map(groupOption)),
      log,
    );
  });

  app.view<ViewSubmitAction>(serviceModalId, async ({ ack, body, view, client }) => {
    await ackSubmission({ ack, client, view }, submitted(body.user.id, view), log);
  });

  async function open(acted: Parameters<typeof openModal>[0], work: Promise<Opening>): Promise<void> {
    const opening = await withTimeout(lookUpFor, work, undefined);
    if (opening?.ok) await openModal(acted, serviceModal(opening.form), log);
    else await respondToAction(acted, opening ? serviceRefusalText(opening.refusal) : failed, log);
  }

  async function empty(person: string): Promise<Opening> {
    const refusal = await mayChange(person);
    if (refusal) return { ok: false, refusal };
    return { ok: true, form: { remembers: encodeFormState(nothingSaid(null)), adding: true, typed: {}, groups: [] } };
  }

  async function filled(id: number, person: string): Promise<Opening> {
    const [refused, service] = await Promise.all([mayChange(person), services.find(db, id)]);
    if (refused) return { ok: false, refusal: refused };
    if (!service) return { ok: false, refusal: gone };
    if (service.managedBy === 'file') return { ok: false, refusal: { kind: 'managed-by-file' } };
    const remembers = encodeFormState(nothingSaid({ id, seen: service.version }));
    const form = { remembers, adding: false, typed: toTyped(service, false), groups: await named(service) };
    return { ok: true, form };
  }

  /** Reviewed first, then saved: what is saved is what the form has said, and is checked again. */
  async function submitted(
    person: string,
    view: { private_metadata: string; state?: { values: unknown } },
  ): Promise<SubmissionResult> {
    const memory = decodeFormState(view.private_metadata);
    const refused = await mayChange(person);
    if (refused?.kind === 'unsure') return { errors: { name: serviceRefusalText(refused) } };
    if (refused || !memory) return { view: textModal(serviceRefusalText(refused ?? gone)) };
    const read = readServiceForm(view.state?.values);
    if (!read.ok) return read;
    const adding = memory.service === null;
    const checked = await check(read.service, adding);
    if (!checked.ok) return checked;
    const { said, asked } = checked;
    if (JSON.stringify(said) !== JSON.stringify(memory.said)) {
      const remembers = encodeFormState({ service: memory.service, said });
      return { view: await formOf(read.service, { remembers, adding, asked }) };
    }
    return save(person, read.service, memory);
  }

  async function save(by: string, service: CatalogService, { service: edited }: FormState): Promise<SubmissionResult> {
    const { slug, ...settings } = service;
    const kept = edited
      ? await services.change(db, { ...edited, by, at: now() }, settings)
      : await services.add(db, service, by, now());
    if (kept.ok) {
      await shownAtOnce(by);
      return 'close';
    }
    const { refusal } = kept;
    switch (refusal.kind) {
      case 'stale': {
        const remembers = encodeFormState(nothingSaid({ id: edited?.id ?? 0, seen: refusal.version }));
        return { view: await formOf(service, { remembers, adding: false, overtaken: refusal.since }) };
      }
      case 'slug-taken':
        return { errors: slugTaken(slug) };
      default:
        return { errors: { name: serviceRefusalText(refusal) } };
    }
  }

  /** The outbox redraws every admin's Home, and that of whoever acted without waiting. */
  const shownAtOnce = (person: string) => homes.show(db, person, now(), {});

  async function formOf(service: CatalogService, form: Omit<ServiceForm, 'typed' | 'groups'>) {
    return serviceModal({ ...form, typed: toTyped(service, form.adding), groups: await named(service) });
  }

  /** What the chosen groups are called, where Slack says so in time. */
  async function named({ approvers }: { approvers: string[] }): Promise<GroupOption[]> {
    if (!approvers.some((id) => id.startsWith('S'))) return [];
    return withTimeout(groupsWithin, groups(), []).catch(() => []);
  }

  /** Asked at the click and again at the submission: the form may have been open for hours. */
  async function mayChange(person: string) {
    const memberships = await directory.memberships(person, membershipsToCheck(admins(config.policy), person));
    return checkCatalogChange(person, memberships, config.policy);
  }
}

const titled = ({ handle, name }: { handle: string; name: string }): string => `@${handle} ${name}`.toLowerCase();

const nothingSaid = (service: FormState['service']): FormState => ({ service, said: null });
