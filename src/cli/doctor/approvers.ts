/** Checks that every service has an approver who can decide: active users, groups that are not empty. */
import type { WebClient } from '@slack/web-api';
import type { Approvers } from '../../domain/approvers.ts';
import { allowedApprovers, membershipsToCheck, type Policy } from '../../domain/authorization.ts';
import { cannotSeeCards } from '../../features/shared/card-readers.ts';
import type { Directory } from '../../slack/directory.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { type CheckResult, checkEach, errorSummary, fail, joinList, ok, warn } from './check-result.ts';

/** The services with the same approver settings: some of their slugs, and how many there are. */
export type Rule = { approvers: string[]; channel: string | null; services: string[]; count: number };

/**
 * Slack's limits are about 100 users and 20 groups a minute (https://docs.slack.dev/apis/web-api/rate-limits), shared with
 * the bot.
 */
const maxUsers = 50;
const maxGroups = 8;

/** The users behind an ID who can decide: none where Slack does not know the ID, undefined where it did not answer. */
type Resolved = { deciders: string[] | undefined; finding?: CheckResult };

type Context = { client: WebClient; directory: Directory; policy: Policy; bot: string };

/** Checks the approvers of every rule, and of APPROVERS. */
export async function checkApprovers(context: Context, rules: Rule[]): Promise<{ findings: CheckResult[] }> {
  const { policy } = context;
  const workspaceRule: Rule = { approvers: [], channel: null, services: ['APPROVERS'], count: 1 };
  const allRules = distinct([workspaceRule, ...rules], policy);
  const ids = new Set(allRules.flatMap(({ approvers }) => [...approvers.users, ...membershipsToCheck(approvers, '')]));
  const users = [...ids].filter((id) => /^[UW]/.test(id));
  const groups = [...ids].filter((id) => !/^[UW]/.test(id));
  const checked = [...users.slice(0, maxUsers), ...groups.slice(0, maxGroups)];
  const resolved = new Map(await checkEach(checked, async (id) => [id, await resolve(id, context)] as const));

  const findings = [...resolved.values()].flatMap(({ finding }) => finding ?? []);
  const unchecked = ids.size - checked.length;
  if (unchecked > 0)
    findings.push(warn('approvers', `${unchecked} more were not checked, to stay within Slack's rate limits.`));
  for (const { rule, approvers } of allRules) {
    const named = [...approvers.users, ...membershipsToCheck(approvers, '')];
    const answers = named.map((id) => resolved.get(id)?.deciders);
    const deciders = new Set(answers.flatMap((some) => some ?? []));
    // Two are enough, and where an answer is missing, there may be more.
    const finding = deciders.size > 1 || answers.includes(undefined) ? undefined : tooFew(deciders.size, rule, policy);
    if (finding) findings.push(finding);
    findings.push(...(await checkSight(rule, approvers, context, (id) => resolved.get(id)?.deciders?.length !== 0)));
  }
  const fine = findings.every(({ level }) => level === 'ok');
  return { findings: fine ? [ok('approvers', 'every service has an approver who can decide.')] : findings };
}

/** Puts rules that lead to the same approvers together, so that each fact is said once: of APPROVERS where that is one. */
function distinct(rules: Rule[], policy: Policy): { rule: Rule; approvers: Approvers }[] {
  const all = rules.map((rule) => ({ rule, approvers: allowedApprovers(rule, policy) }));
  const alike = Map.groupBy(all, ({ approvers }) => JSON.stringify(approvers));
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const { rule, approvers } = first;
    if (rule.services[0] === 'APPROVERS') return [first];
    const same = [rule, ...others.map((other) => other.rule)];
    const services = [...new Set(same.flatMap((one) => one.services))];
    return [{ rule: { ...rule, services, count: same.reduce((sum, { count }) => sum + count, 0) }, approvers }];
  });
}

function tooFew(deciders: number, { services, count }: Rule, policy: Policy): CheckResult | undefined {
  const about = services[0] === 'APPROVERS' ? 'APPROVERS' : `approvers of ${joinList(services, count)}`;
  if (deciders === 0)
    return fail(about, 'there is no approver who can decide. Name users or groups who can, or invite them.');
  if (policy.allowSelfApproval) return undefined;
  return warn(about, 'only one person can decide, but not about their own requests. Name a second approver.');
}

/** Warns of approvers who are not in the channel, and so do not see the cards. A channel that cannot be read is reported elsewhere. */
async function checkSight(
  { services, count }: Rule,
  approvers: Approvers,
  { directory }: Context,
  canDecide: (id: string) => boolean,
): Promise<CheckResult[]> {
  const about = services[0] === 'APPROVERS' ? 'APPROVERS' : `approvers of ${joinList(services, count)}`;
  const { asked: unseeing, tooLarge } = await cannotSeeCards(approvers, { directory }).catch(() => ({
    asked: [],
    tooLarge: [],
  }));
  const asked = unseeing.filter(canDecide);
  const { channel } = approvers;
  return [
    ...(asked.length > 0
      ? [
          warn(
            about,
            `${joinList(asked, asked.length)} not in ${channel}: asked by direct message, without the cards. Invite them to the channel.`,
          ),
        ]
      : []),
    ...(tooLarge.length > 0
      ? [
          warn(
            about,
            `members of ${joinList(tooLarge, tooLarge.length)} who are not in ${channel} do not hear of requests. Invite them to the channel.`,
          ),
        ]
      : []),
  ];
}

/** Finds the users behind an ID who may decide. */
async function resolve(id: string, context: Context): Promise<Resolved> {
  if (/^[UW]/.test(id)) return resolveUser(id, context);
  return id.startsWith('S') ? resolveGroup(id, context) : resolveChannel(id, context);
}

async function resolveUser(id: string, { client, directory, policy }: Context): Promise<Resolved> {
  const about = `approver ${id}`;
  const account = await directory.account(id);
  if (account === 'deactivated')
    return { deciders: [], finding: warn(about, 'deactivated in Slack. Name another user instead.') };
  if (account === 'external' && !policy.allowExternal) {
    const what = 'a guest, or a member of another team, who cannot decide unless ALLOW_EXTERNAL is true.';
    return { deciders: [], finding: warn(about, what) };
  }
  if (account) return { deciders: [id] };
  return client.users.info({ user: id }).then(
    () => ({ deciders: undefined }),
    (error) => unanswered(about, error, 'user_not_found', 'no user in this workspace has this ID. Correct it.'),
  );
}

async function resolveGroup(id: string, { client }: Context): Promise<Resolved> {
  const about = `approvers ${id}`;
  try {
    const { users = [] } = await client.usergroups.users.list({ usergroup: id });
    if (users.length > 0) return { deciders: users };
    return { deciders: [], finding: warn(about, 'the user group is empty. Add people to it in Slack.') };
  } catch (error) {
    return unanswered(about, error, 'no_such_subteam', 'no user group in this workspace has this ID. Correct it.');
  }
}

/** Finds the members of a channel. One that cannot be read is reported by the check of channels. */
async function resolveChannel(id: string, { directory, bot }: Context): Promise<Resolved> {
  try {
    return { deciders: (await directory.members([id])).filter((member) => member !== bot) };
  } catch {
    return { deciders: undefined };
  }
}

function unanswered(about: string, error: unknown, unknown: string, what: string): Resolved {
  if (slackErrorCode(error) === unknown) return { deciders: [], finding: fail(about, what) };
  return { deciders: undefined, finding: warn(about, `not known: ${errorSummary(error)}.`) };
}
