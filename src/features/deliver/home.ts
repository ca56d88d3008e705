/** Homes: an event finds out whom it concerns, and each of those Homes is rendered again, whole, from the rows as they are. */

import * as applications from '../../db/application/applications.ts';
import * as queue from '../../db/home/approval-queue.ts';
import * as homes from '../../db/home/homes.ts';
import type { Attempt, DeliveryResult } from '../../db/outbox/types.ts';
import * as cards from '../../db/registration/cards.ts';
import * as ownerMessages from '../../db/registration/owner-messages.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, membershipsToCheck } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import type { MessageLocation } from '../../domain/reference.ts';
import { serviceState } from '../../domain/service.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { permalinkFor } from '../../slack/messages.ts';
import { maxShown } from '../../views/home/applications.ts';
import { maxQueued } from '../../views/home/approval-queue.ts';
import { type CatalogPage, maxServices } from '../../views/home/catalog.ts';
import { type HomeFacts, homeView } from '../../views/home/home.ts';
import { decidableBy } from '../shared/decidable-by.ts';
import { approversFor } from '../shared/shown-approvers.ts';

/** Slack's errors for a user who has left: that Home is no longer seen. */
const left = ['user_not_found', 'user_disabled'];

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

type CardPlace = { cardChannel: string | null; cardTs: string | null };

const delivered: DeliveryResult = { status: 'delivered' };

export function deliverHomes({ config, db, poster, directory, now }: Deps) {
  return { outdate, outdateCatalog, render };

  /**
   * Marks what else shows an event: the cards of the application's other requests, messages with buttons, the Homes of its
   * owners, and of the approvers, where that is theirs to see.
   */
  async function outdate(
    { kind, registration, version, after = 0, posted }: Of<'homes'>,
    attempt: Attempt,
  ): Promise<DeliveryResult> {
    if (!posted) {
      const next = await attempt.write((fenced) => cards.markOthersStale(fenced, registration, version, after));
      if (next !== undefined)
        return { status: 'postponed', seconds: 0, effect: { kind, registration, version, after: next } };
      await attempt.write((fenced) => ownerMessages.updateButtons(fenced, registration, version));
    }
    const event = await homes.eventOf(db, registration, version);
    if (!event) return delivered;
    const approvers = allowedApprovers(event.service, config.policy);
    const members = event.queue ? await directory.members(membershipsToCheck(approvers, '')) : [];
    const asked = event.queue ? [...new Set([...approvers.users, ...members])] : [];
    await attempt.write((fenced) => homes.markStale(fenced, registration, asked.slice(0, homes.batch)));
    await markAll(asked.slice(homes.batch), attempt);
    return delivered;
  }

  /** Marks the Homes that show the catalog: the admins'. */
  async function outdateCatalog(_: Of<'catalog'>, attempt: Attempt): Promise<DeliveryResult> {
    if (!(await homes.any(db))) return delivered;
    const { users, groups, channel } = admins(config.policy);
    const asked = await directory.members(membershipsToCheck({ users, groups, channel }, ''));
    await markAll([...users, ...asked], attempt);
    return delivered;
  }

  /** Marks the Homes of a channel's members, of whom there may be thousands: some in each transaction. */
  async function markAll(people: string[], attempt: Attempt): Promise<void> {
    for (const some of inParts([...new Set(people)], homes.batch))
      await attempt.write((fenced) => homes.markStale(fenced, null, some));
  }

  /** Draws a Home, at most once a second. */
  async function render({ person }: Of<'home'>, attempt: Attempt): Promise<DeliveryResult> {
    const shown = await attempt.write((fenced) => homes.claim(fenced, person, attempt.job.unsure));
    if (shown === 'up to date') return delivered;
    if ('wait' in shown) return { status: 'postponed', seconds: shown.wait };
    const view = homeView(await read(person, shown), now());
    try {
      // What a worker that has the lease now shows is newer.
      attempt.signal.throwIfAborted();
      const hash = await publish(person, view, shown.hash);
      await attempt.write((fenced) => homes.markRendered(fenced, person, hash));
    } catch (error) {
      if (!left.includes(slackErrorCode(error) ?? '')) throw error;
      await attempt.write((fenced) => homes.remove(fenced, person));
    }
    return delivered;
  }

  /**
   * Publishes a Home over the view that Slack has, so that an earlier call whose answer was lost cannot replace it later.
   * Where Slack has another one, such a call has come through: this one is newer.
   */
  async function publish(
    user_id: string,
    view: ReturnType<typeof homeView>,
    hash: string | null,
  ): Promise<string | null> {
    const over = (known: object) => poster.views.publish({ user_id, view, ...known });
    const published = await over(hash === null ? {} : { hash }).catch((error) => {
      if (slackErrorCode(error) !== 'hash_conflict') throw error;
      return over({});
    });
    return published.view?.hash ?? null;
  }

  async function read(person: string, shown: homes.HomeState): Promise<HomeFacts> {
    const { minePage, queuePage, serviceId, search } = shown;
    const held = await applications.listOwned(db, person, { asked: minePage, size: maxShown });
    const messages = await ownerMessages.newestPlaces(
      db,
      person,
      held.rows.flatMap(({ registration }) => (registration ? [registration.id] : [])),
    );
    const rows = await Promise.all(
      held.rows.map(async ({ service, registration, ...row }) => ({
        ...row,
        registration: registration && {
          ...registration,
          mine: registration.requester === person,
          card: await cardFor(person, registration),
          message: await linkTo(messages.get(registration.id)),
        },
        service: service && {
          name: service.name,
          docs: service.docs,
          approvers: await approversFor(person, allowedApprovers(service, config.policy), { directory }),
          state: serviceState(service),
        },
      })),
    );
    const may = await decidableBy(person, { config, db, directory });
    const waiting = await queue.listPage(db, may, { serviceId, search }, { asked: queuePage, size: maxQueued });
    const service = serviceId === null ? undefined : await queue.findFilter(db, serviceId);
    const filter = { active: serviceId !== null || search !== '', service, search };
    return {
      held: { ...held, rows },
      waiting: may.approver
        ? { ...waiting, rows: await Promise.all(waiting.rows.map((row) => queued(person, row))), filter }
        : null,
      catalog: await readCatalog(person, shown, may.admin),
      unsure: may.unsure,
    };
  }

  /** Returns the address of a card; undefined for people who cannot see it. */
  async function cardFor(person: string, { cardChannel: channel, cardTs: ts }: CardPlace) {
    return channel && ts && (await directory.canSee(person, channel)) ? linkTo({ channel, ts }) : undefined;
  }

  async function linkTo(place: MessageLocation | undefined) {
    return place && permalinkFor(await directory.workspaceUrl(), place);
  }

  /** Names the channel of a card only to those who can see it. */
  async function queued(person: string, row: queue.QueuedRequest) {
    const { cardChannel: channel } = row;
    const cardChannel = channel && (await directory.canSee(person, channel)) ? channel : null;
    return { ...row, cardChannel, state: serviceState(row) };
  }

  async function readCatalog(
    person: string,
    { catalogPage, catalogSearch: search }: homes.HomeState,
    admin: boolean,
  ): Promise<CatalogPage> {
    const which = { search, retired: admin };
    const page = await services.listPage(db, which, { asked: catalogPage, size: maxServices });
    const rows = page.rows.map(async (service) => ({
      ...service,
      asked: await approversFor(person, allowedApprovers(service, config.policy), { directory }),
      channel: service.channel && (await directory.canSee(person, service.channel)) ? service.channel : null,
    }));
    const usual = await approversFor(person, admins(config.policy), { directory });
    return { ...page, rows: await Promise.all(rows), search, admin, usual };
  }
}
