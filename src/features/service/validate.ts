/** Before a service is saved: whether the bot can post where it says, who would be asked, and how many of those are active. */
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import * as services from '../../db/service/services.ts';
import type { Deps } from '../../deps.ts';
import type { Approvers } from '../../domain/approvers.ts';
import { allowedApprovers, canBeApprover } from '../../domain/authorization.ts';
import type { CatalogService } from '../../domain/service.ts';
import { channelState } from '../../slack/channels-and-groups.ts';
import {
  cannotDecideText,
  channelFieldErrors,
  noActiveApprovers,
  notCheckedText,
  type ReviewSummary,
  reviewNotice,
  type ServiceFieldErrors,
  slugTaken,
} from '../../views/service/form.ts';

/** How long Slack may take to say it all, in milliseconds: the form is answered within 3 seconds, and keeps what was typed. */
const checkFor = 1_600;

/** The most people who are looked at one by one, of a channel or group that has more: Slack tells of 100 a minute. */
const lookedAtMost = 50;

type Checked = { ok: true; said: ReviewSummary; asked: string } | { ok: false; errors: ServiceFieldErrors };

export function validateService({ config, db, directory, log }: Deps, client: WebClient) {
  return async (service: CatalogService, adding: boolean): Promise<Checked> => {
    const work = check(service, adding).catch((error): Checked => {
      log.warn({ err: error }, 'it could not be found out who would be asked');
      return { ok: false, errors: { channel: notCheckedText } };
    });
    return withTimeout(checkFor, work, { ok: false, errors: { channel: notCheckedText } });
  };

  async function check(service: CatalogService, adding: boolean): Promise<Checked> {
    const { slug, channel, approvers, autoApprove: auto } = service;
    if (adding && (await services.isSlugTaken(db, slug))) return { ok: false, errors: slugTaken(slug) };
    const asked = allowedApprovers(service, config.policy);
    const state = await channelState(client, asked.channel);
    if (state !== 'open') return { ok: false, errors: { channel: channelFieldErrors[state] } };

    const named = approvers.filter((id) => !id.startsWith('S'));
    const people = await Promise.all(named.map(async (id) => ({ id, known: await directory.member(id) })));
    const unfit = people.filter(({ known }) => !canBeApprover(known, config.policy));
    if (unfit.length > 0)
      return { ok: false, errors: cannotDecideText(unfit.map(({ id, known }) => known?.name ?? id)) };

    const { active, more } = await activeOf(asked);
    if (active === 0) return { ok: false, errors: { [approvers.length > 0 ? 'groups' : 'people']: noActiveApprovers } };
    const said = { slug: adding ? slug : '', channel, approvers, auto, active };
    return { ok: true, said, asked: reviewNotice(asked, said, adding, more) };
  }

  /** How many active people that is; where more than a few dozen would have to be looked at, at least so many. */
  async function activeOf({ users, groups, channel }: Approvers): Promise<{ active: number; more: boolean }> {
    const behind = users.length + groups.length > 0 ? groups : [channel];
    const everybody = new Set([...users, ...(behind.length > 0 ? await directory.members(behind) : [])]);
    const looked = [...everybody].slice(0, Math.max(lookedAtMost, users.length));
    const known = await Promise.all(looked.map((id) => directory.member(id)));
    const active = known.filter((one) => canBeApprover(one, config.policy)).length;
    return { active, more: everybody.size > looked.length };
  }
}
