/** Validates a service before it is saved: can the bot post to its channel, who may decide, and how many of them are active. */
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import type { ServiceAccess } from '../../domain/access.ts';
import type { Approvers } from '../../domain/approvers.ts';
import { allowedApprovers, canBeApprover } from '../../domain/authorization.ts';
import type { Reference } from '../../domain/reference.ts';
import type { CatalogService } from '../../domain/service.ts';
import { lookUpChannel } from '../../slack/channels-and-groups.ts';
import {
  cannotDecideText,
  channelFieldErrors,
  noActiveApprovers,
  noGateway,
  noKeys,
  notCheckedText,
  type ReviewSummary,
  reviewNotice,
  type ServiceFieldErrors,
  slugTakenError,
} from '../../views/service/form.ts';
import { cannotSeeCards } from '../shared/card-readers.ts';

/**
 * How long validation may take, in milliseconds. Slack waits 3 seconds for the response to a form, and only in that time
 * can it stay open with what was typed.
 */
const validationTimeout = 1_600;

/**
 * How many members of channels and groups are looked up. `users.info` is a tier 4 method, 100 calls a minute
 * (https://docs.slack.dev/apis/web-api/rate-limits).
 */
const maxLookups = 50;

type Checked = { ok: true; said: ReviewSummary; asked: string } | { ok: false; errors: ServiceFieldErrors };

/** Returns the function that validates a service: the errors of its fields, or what the review shows. */
export function validateService({ config, db, directory, gateways, log }: Deps, client: WebClient) {
  return async (service: CatalogService, edited: Reference | null): Promise<Checked> => {
    const work = check(service, edited).catch((error): Checked => {
      log.warn({ err: error }, 'a service could not be validated, the form asks to try again');
      return { ok: false, errors: { channel: notCheckedText } };
    });
    return withTimeout(validationTimeout, work, { ok: false, errors: { channel: notCheckedText } });
  };

  async function check(service: CatalogService, edited: Reference | null): Promise<Checked> {
    const adding = edited === null;
    const { slug, channel, approvers, autoApprove: auto, access } = service;
    if (adding && (await services.isSlugTaken(db, slug))) return { ok: false, errors: slugTakenError(slug) };
    const wrong = access && accessErrors(access);
    if (wrong) return { ok: false, errors: wrong };
    const allowed = allowedApprovers(service, config.policy);
    const { state, audience } = await lookUpChannel(client, allowed.channel);
    if (state !== 'open') return { ok: false, errors: { channel: channelFieldErrors[state] } };

    const named = approvers.filter((id) => !id.startsWith('S'));
    const people = await Promise.all(named.map(async (id) => ({ id, known: await directory.member(id) })));
    const unfit = people.filter(({ known }) => !canBeApprover(known, config.policy));
    if (unfit.length > 0)
      return { ok: false, errors: cannotDecideText(unfit.map(({ id, known }) => known?.name ?? id)) };

    const { active, more } = await countActive(allowed);
    if (active === 0) return { ok: false, errors: { [approvers.length > 0 ? 'groups' : 'people']: noActiveApprovers } };
    const current = edited ? await services.resolve(db, edited.publicId) : undefined;
    const closes = current?.registrationEnabled === true && !service.registrationEnabled;
    const said = { slug: adding ? slug : '', channel, approvers, auto, active, access, closes };
    const unseeing = await cannotSeeCards(allowed, { directory });
    const change = current && {
      ...(await services.changeImpact(db, current.id)),
      before: current.access,
      autoApprove: current.autoApprove,
    };
    return { ok: true, said, asked: reviewNotice(allowed, said, { adding, more, audience, unseeing, change }) };
  }

  /** Checks access against the gateways of the catalog file: a form that was open meanwhile may name another. */
  function accessErrors({ gateway, credential }: ServiceAccess): ServiceFieldErrors | undefined {
    const known = gateways.get(gateway);
    if (!known) return noGateway(gateway);
    return credential === 'key' && !known.keys ? noKeys : undefined;
  }

  /** Counts the active approvers. `more`: there are further members, who were not looked up. */
  async function countActive({ users, groups, channel }: Approvers): Promise<{ active: number; more: boolean }> {
    const sources = users.length + groups.length > 0 ? groups : [channel];
    const members = new Set([...users, ...(sources.length > 0 ? await directory.members(sources) : [])]);
    const lookedUp = [...members].slice(0, Math.max(maxLookups, users.length));
    const known = await Promise.all(lookedUp.map((id) => directory.member(id)));
    const active = known.filter((one) => canBeApprover(one, config.policy)).length;
    return { active, more: members.size > lookedUp.length };
  }
}
