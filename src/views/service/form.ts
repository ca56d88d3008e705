/** The submitted service form: parsed, reviewed, and its errors. */
import { z } from 'zod';
import { gatewayName, groupRule, isGroup, isSameGroup, type ServiceAccess } from '../../domain/access.ts';
import type { Approvers } from '../../domain/approvers.ts';
import { type ChannelAudience, isOpenToAll } from '../../domain/authorization.ts';
import { stripInvisible } from '../../domain/names.ts';
import type { Reference } from '../../domain/reference.ts';
import {
  approverId,
  type CatalogService,
  channelId,
  isWebLink,
  type ServiceRefusal,
  serviceLimits,
  slugOf,
  slugPattern,
  slugRule,
} from '../../domain/service.ts';
import { stripControls, toStorable } from '../../domain/text.ts';
import { describeApprovers } from '../approvers.ts';
import { dateTime, escapeMrkdwn, mention } from '../blocks.ts';
import { publicId } from '../button-value.ts';
import { mixedScriptText } from '../name-errors.ts';
import { refusalText, unsureText } from '../registration/refusals.ts';
import { type ChangeImpact, consequences } from './confirm-change.ts';
import { groupsPicker } from './modal.ts';
import { actorName, describeAccess } from './timeline.ts';

/** What a form has shown for review: the slug, the channel, the approvers and how many of them are active. */
export type ReviewSummary = {
  slug: string;
  channel: string | null;
  approvers: string[];
  auto: boolean;
  active: number;
  access: ServiceAccess | null;
  /** Whether registration is disabled now, and was not before. */
  closes: boolean;
};

/** What a form remembers: its service, null while one is added, and its review. Slack keeps 3,000 characters of it. */
export type FormState = { service: Reference | null; said: ReviewSummary | null };

const remembered = z.strictObject({
  service: z.strictObject({ publicId, seen: z.int().positive() }).nullable(),
  said: z
    .strictObject({
      slug: z.string(),
      channel: z.string().nullable(),
      approvers: z.array(z.string()),
      auto: z.boolean(),
      active: z.int(),
      access: z
        .strictObject({ gateway: z.string(), group: z.string(), credential: z.enum(['key', 'none']) })
        .nullable()
        .default(null),
      closes: z.boolean().default(false),
    })
    .nullable(),
});

export const encodeFormState = (what: FormState): string => JSON.stringify(what);

/** Decodes what a form remembers; undefined if it was forged. */
export function decodeFormState(metadata: string): FormState | undefined {
  try {
    return remembered.safeParse(JSON.parse(metadata)).data;
  } catch {
    return undefined;
  }
}

const line = z.string().transform((text) => stripInvisible(toStorable(text)));
const emptied = z.string().nullish();

const needed = {
  name: `Write a name of up to ${serviceLimits.name} characters.`,
  slug: `Write ${slugRule}; or leave it empty.`,
  description: `Write at most ${serviceLimits.description} characters.`,
  docs: 'Write a link that begins with https://, or leave it empty.',
  channel: 'Choose a channel from the list.',
  people: `Choose people from the list, at most ${serviceLimits.approvers}. For more, name a user group.`,
  groups: 'Choose user groups from the list.',
  registration: 'Choose one of the two.',
  approval: 'Choose one of the two.',
  'access-gateway': 'Choose a gateway from the list.',
  'access-group': `Write ${groupRule}.`,
  'access-credential': 'Choose one of the two.',
} as const;

const within = (most: number) => (text: string) => [...text].length <= most;
const approverIds = z.array(z.string().regex(approverId)).max(serviceLimits.approvers);

const values = z.object({
  name: z.object({
    name: z.object({ value: line.refine((text) => text !== '' && within(serviceLimits.name)(text)) }),
  }),
  slug: z.object({ slug: z.object({ value: emptied }) }).optional(),
  description: z.object({
    description: z.object({
      value: emptied.transform((text) => stripControls(text ?? '').trim()).refine(within(serviceLimits.description)),
    }),
  }),
  docs: z.object({
    docs: z.object({
      value: emptied
        .transform((text) => toStorable(text ?? '').trim() || null)
        .refine(
          (link) =>
            link === null || (link.length <= serviceLimits.docs && isWebLink(link) && link.startsWith('https:')),
        ),
    }),
  }),
  channel: z.object({ channel: z.object({ selected_conversation: z.string().regex(channelId).nullish() }) }),
  people: z.object({ people: z.object({ selected_users: approverIds }) }),
  groups: z.object({
    [groupsPicker]: z.object({
      selected_options: z.array(z.object({ value: z.string().regex(approverId) })).max(serviceLimits.approvers),
    }),
  }),
  registration: z.object({
    registration: z.object({ selected_option: z.object({ value: z.enum(['enabled', 'disabled']) }) }),
  }),
  approval: z.object({ approval: z.object({ selected_option: z.object({ value: z.enum(['manual', 'auto']) }) }) }),
  'access-gateway': z
    .object({
      'access-gateway': z.object({ selected_option: z.object({ value: z.string().regex(gatewayName) }).nullish() }),
    })
    .optional(),
  'access-group': z
    .object({
      'access-group': z.object({
        value: emptied.transform((text) => (text ?? '').trim()).refine((group) => group === '' || isGroup(group)),
      }),
    })
    .optional(),
  'access-credential': z
    .object({ 'access-credential': z.object({ selected_option: z.object({ value: z.enum(['key', 'none']) }) }) })
    .optional(),
});

export type ServiceFieldErrors = Record<string, string>;

/** Parses the submitted form, or returns what each wrong field needs. Where no slug was typed, the name makes one. */
export function readServiceForm(
  submitted: unknown,
): { ok: true; service: CatalogService } | { ok: false; errors: ServiceFieldErrors } {
  const parsed = values.safeParse(submitted);
  if (!parsed.success) {
    const wrong = new Set(parsed.error.issues.map(({ path }) => path[0]));
    return { ok: false, errors: Object.fromEntries(Object.entries(needed).filter(([field]) => wrong.has(field))) };
  }
  const { name, slug, description, docs, channel, people, groups, registration, approval } = parsed.data;
  const title = name.name.value;
  const approvers = [
    ...people.people.selected_users,
    ...groups[groupsPicker].selected_options.map(({ value }) => value),
  ];
  const key = slug?.slug.value?.trim() || slugOf(title);
  if (slug && !slugPattern.test(key)) return { ok: false, errors: { slug: needed.slug } };
  const mixed = mixedScriptText(title);
  if (mixed) return { ok: false, errors: { name: mixed } };
  if (approvers.length > serviceLimits.approvers) return { ok: false, errors: { people: needed.people } };
  const access = readAccess(parsed.data);
  if (!access.ok) return access;
  return {
    ok: true,
    service: {
      slug: key,
      name: title,
      description: description.description.value,
      docs: docs.docs.value,
      registrationEnabled: registration.registration.selected_option.value === 'enabled',
      autoApprove: approval.approval.selected_option.value === 'auto',
      channel: channel.channel.selected_conversation ?? null,
      approvers: [...new Set(approvers)],
      access: access.access,
    },
  };
}

/** Reads the fields of access: a gateway and a group, or neither. */
function readAccess(
  read: z.infer<typeof values>,
): { ok: true; access: ServiceAccess | null } | { ok: false; errors: ServiceFieldErrors } {
  const gateway = read['access-gateway']?.['access-gateway'].selected_option?.value;
  const group = read['access-group']?.['access-group'].value ?? '';
  const credential = read['access-credential']?.['access-credential'].selected_option.value ?? 'none';
  if (!gateway && group === '') return { ok: true, access: null };
  if (!gateway) return { ok: false, errors: { 'access-gateway': 'Choose the gateway that has this group.' } };
  if (group === '') return { ok: false, errors: { 'access-group': needed['access-group'] } };
  return { ok: true, access: { gateway, group, credential } };
}

export const noKeys: ServiceFieldErrors = {
  'access-credential': 'Registrar makes no keys at this gateway. Choose the other one.',
};

export const noGateway = (name: string): ServiceFieldErrors => ({
  'access-gateway': `The catalog file names no gateway ${name}. Choose another.`,
});

export const slugTakenError = (slug: string): ServiceFieldErrors => ({
  slug: `A service with the slug ${slug} already exists. Choose another.`,
});

/** Why a channel cannot take requests. */
export const channelFieldErrors = {
  archived: 'This channel is archived. Unarchive it, or choose another.',
  'not-a-member': 'Registrar isn’t in this channel. Invite it: /invite @Registrar',
  direct: 'This is a direct message. Choose a channel.',
  unknown: 'Registrar can’t see this channel. If it is private, invite it: /invite @Registrar',
} as const;

/** Names the people who cannot be approvers. */
export const cannotDecideText = (names: string[]): ServiceFieldErrors => ({
  people: `Remove ${names.join(', ')}: only active people of this workspace can decide.`,
});

export const noActiveApprovers = 'No active person could decide. Name at least one, or a user group that has one.';

/** Shown where Slack took too long; the form stays open. */
export const notCheckedText = 'Slack didn’t say in time who could decide. Nothing is saved. Press the button again.';

/** Describes for review who would decide. `more`: at least so many are active. */
export function reviewNotice(
  asked: Approvers,
  { slug, auto, active, access, closes }: ReviewSummary,
  {
    adding,
    more,
    audience,
    unseeing,
    change,
  }: {
    adding: boolean;
    more: boolean;
    audience: ChannelAudience;
    unseeing: Unseeing;
    change: EditReview | undefined;
  },
): string {
  const people = `*${active}${more ? ' or more' : ''} active ${active === 1 && !more ? 'person' : 'people'}*`;
  const decided = `its requests are posted in <#${asked.channel}>, and ${describeApprovers(asked)} can decide: ${people}.`;
  const at = auto ? ' New requests are approved automatically.' : '';
  const key = adding ? ` Slug: \`${slug}\` (can’t be changed later).` : '';
  const opens = access ? ` An approved application is let into ${escapeMrkdwn(describeAccess(access))}.` : '';
  const follows = change ? impactTexts(change, { auto, closes }) : '';
  const changes = change ? `${follows}${accessChangeText(change, access)}` : '';
  const warning = isOpenToAll(asked, audience) ? `\n:warning: ${openChannel[audience](asked.channel)}` : '';
  const cannotSee = unseeingText(asked.channel, unseeing);
  return `:mag: *Nothing is saved yet.* Once it is, ${decided}${at}${opens}${key}${changes}${warning}${cannotSee}`;
}

/** A service before it is edited, how many requests for it are pending, and how many applications are approved for it. */
export type EditReview = { before: ServiceAccess | null; autoApprove: boolean } & ChangeImpact;

/** Says what follows where an edit disables registration, or switches auto approval on. */
function impactTexts(
  { autoApprove, ...impact }: EditReview,
  { auto, closes }: { auto: boolean; closes: boolean },
): string {
  const disabled = closes ? `\n:warning: *New requests will be refused.* ${consequences('disable', impact)}` : '';
  const automatic =
    auto && !autoApprove ? `\n:warning: *New requests will need no decision.* ${consequences('auto-on', impact)}` : '';
  return `${disabled}${automatic}`;
}

/** Says what a change of access means for those who are approved already: it is made at once. */
function accessChangeText({ before, approved }: EditReview, access: ServiceAccess | null): string {
  if (approved === 0 || (before ? isSameGroup(before, access) : !access)) return '';
  const who = approved === 1 ? '1 approved application' : `${approved} approved applications`;
  const lose = before
    ? `${who} ${approved === 1 ? 'loses' : 'lose'} ${escapeMrkdwn(describeAccess(before))}, unless another service gives it`
    : '';
  const get = access ? `${who} ${approved === 1 ? 'is' : 'are'} let in` : '';
  const told =
    before && before.gateway !== access?.gateway ? ` ${approved === 1 ? 'Its' : 'Their'} owners get a message.` : '';
  return `\n:warning: *At once:* ${[lose, get].filter((part) => part !== '').join('; ')}.${told}`;
}

/** The approvers who are not in the channel: people who are asked by direct message, and groups too large for that. */
type Unseeing = { asked: string[]; tooLarge: string[] };

/** Says who will not see the cards, and what they get instead; nothing where everybody does. */
function unseeingText(channel: string, { asked, tooLarge }: Unseeing): string {
  const people =
    asked.length > 0
      ? `\n:information_source: Not in <#${channel}>: ${describeApprovers({ users: asked, groups: [], channel: null }, 'and')}. Registrar asks them by direct message, and they decide in Home.`
      : '';
  const groups =
    tooLarge.length > 0
      ? `\n:warning: Members of ${tooLarge.map(mention).join(', ')} who are not in <#${channel}> don’t hear of requests: the group is too large for direct messages. Invite them to the channel.`
      : '';
  return `${people}${groups}`;
}

/** Warns where no approver is named and others than the invited can join the channel. */
const openChannel: Record<ChannelAudience, (channel: string) => string> = {
  invited: () => '',
  anybody: (channel) =>
    `<#${channel}> is public: *everyone who joins it can decide.* Name approvers, or choose a private channel.`,
  shared: (channel) =>
    `<#${channel}> is shared with another organization, which invites people into it as well. Name approvers, or choose a channel of your own.`,
};

/** Says why a service was not changed, for the user who acted. */
export function serviceRefusalText(refused: ServiceRefusal): string {
  switch (refused.kind) {
    case 'not-an-admin':
      return `Only ${describeApprovers(refused.askInstead)} can change the catalog. Nothing was changed.`;
    case 'unsure':
      return unsureText;
    case 'gone':
      return refusalText({ kind: 'gone' });
    case 'managed-by-file':
      return 'This service is managed by the catalog file. Change it there, and start Registrar again.';
    case 'stale': {
      const [last] = refused.since;
      const who = last ? `${actorName(last)} changed it, ${dateTime(last.at)}` : 'it was changed';
      return `This service has changed since you saw it: ${who}. Nothing was changed. Look at it again.`;
    }
    case 'slug-taken':
      return 'A service with this slug already exists. Nothing was changed.';
  }
}
