/** Homes: an event finds out whom it concerns, and each of those Homes is redrawn, whole, from the rows as they are. */

import * as applications from '../../db/application/applications.ts';
import * as queue from '../../db/home/approval-queue.ts';
import * as homes from '../../db/home/homes.ts';
import type { Attempt, Delivery } from '../../db/outbox/types.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import { admins, approversOf, membershipsToAsk } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { platformError } from '../../slack/errors.ts';
import { heldAtMost } from '../../views/home/applications.ts';
import { waitingAtMost } from '../../views/home/approval-queue.ts';
import { type Catalog, servicesAtMost } from '../../views/home/catalog.ts';
import { type Drawn, home } from '../../views/home/home.ts';
import { decidableBy } from '../shared/decidable-by.ts';

/** Slack's words for somebody who is not there any more: nobody looks at that Home. */
const left = ['user_not_found', 'user_disabled'];

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

const delivered: Delivery = { end: 'delivered' };

export function deliverHomes({ config, db, poster, directory, now }: Deps) {
  return { outdate, outdateCatalog, draw };

  /** Marks the Homes that show an event: of the application's owners, and of who decides, where that is theirs to see. */
  async function outdate({ registration, version }: Of<'homes'>): Promise<Delivery> {
    const event = await homes.eventOf(db, registration, version);
    if (!event) return delivered;
    const approvers = approversOf(event.service, config.policy);
    const asked = event.queue ? await directory.members(membershipsToAsk(approvers, '')) : [];
    await homes.outdate(db, registration, event.queue ? [...approvers.users, ...asked] : []);
    return delivered;
  }

  /** Marks the Homes that show the catalog: the admins'. */
  async function outdateCatalog(): Promise<Delivery> {
    if (!(await homes.areThere(db))) return delivered;
    const { users, groups, channel } = admins(config.policy);
    const asked = await directory.members(membershipsToAsk({ users, groups, channel }, ''));
    await homes.outdate(db, null, [...users, ...asked]);
    return delivered;
  }

  /** Draws a Home, at most once a second. */
  async function draw({ person }: Of<'home'>, attempt: Attempt): Promise<Delivery> {
    const shown = await homes.claim(db, person, !attempt.first);
    if (shown === 'drawn already') return delivered;
    if ('wait' in shown) return { end: 'later', seconds: shown.wait };
    const view = home(await read(person, shown), now());
    try {
      await poster.views.publish({ user_id: person, view });
      await homes.drawn(db, person);
    } catch (error) {
      if (!left.includes(platformError(error) ?? '')) throw error;
      await homes.forget(db, person);
    }
    return delivered;
  }

  async function read(person: string, shown: homes.Shown): Promise<Drawn> {
    const { minePage, queuePage, serviceId, search } = shown;
    const held = await applications.held(db, person, { asked: minePage, size: heldAtMost });
    const rows = held.rows.map(({ service, registration, ...row }) => ({
      ...row,
      registration: registration && { ...registration, mine: registration.requester === person },
      service: service && { name: service.name, approvers: approversOf(service, config.policy) },
    }));
    const may = await decidableBy(person, { config, db, directory });
    const waiting = await queue.page(db, may, { serviceId, search }, { asked: queuePage, size: waitingAtMost });
    const service = serviceId === null ? undefined : await queue.filter(db, serviceId);
    const filter = { active: serviceId !== null || search !== '', service, search };
    return {
      held: { ...held, rows },
      waiting: may.approver ? { ...waiting, filter } : null,
      catalog: may.admin ? await readCatalog(shown) : null,
      unsure: may.unsure,
    };
  }

  async function readCatalog({ catalogPage, catalogSearch: search }: homes.Shown): Promise<Catalog> {
    const page = await services.page(db, search, { asked: catalogPage, size: servicesAtMost });
    const rows = page.rows.map((service) => ({ ...service, asked: approversOf(service, config.policy) }));
    return { ...page, rows, search };
  }
}
