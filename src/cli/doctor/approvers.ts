/** Whether there is somebody to decide about every service: people who are there, groups that are not empty. */
import type { WebClient } from '@slack/web-api';
import { allowedApprovers, membershipsToCheck, type Policy } from '../../domain/authorization.ts';
import type { Directory } from '../../slack/directory.ts';
import { slackErrorCode } from '../../slack/errors.ts';
import { type CheckResult, checkEach, errorSummary, fail, joinList, ok, warn } from './check-result.ts';

/** Services that say the same of who decides: some of them by slug, and how many there are. */
export type Rule = { approvers: string[]; channel: string | null; services: string[]; count: number };

/** Slack answers about 100 people and 20 groups a minute; the bot asks too. */
const peopleAtMost = 50;
const groupsAtMost = 8;

/** Who an ID stands for and may decide: nobody where Slack does not know it, undefined where it did not answer. */
type Known = { deciders: string[] | undefined; finding?: CheckResult };

type Asking = { client: WebClient; directory: Directory; policy: Policy; bot: string };

export async function checkApprovers(asking: Asking, rules: Rule[]): Promise<{ findings: CheckResult[] }> {
  const { policy } = asking;
  const everywhere: Rule = { approvers: [], channel: null, services: ['APPROVERS'], count: 1 };
  const judged = [everywhere, ...rules].map((rule) => ({ rule, approvers: allowedApprovers(rule, policy) }));
  const asked = new Set(judged.flatMap(({ approvers }) => [...approvers.users, ...membershipsToCheck(approvers, '')]));
  const people = [...asked].filter((id) => /^[UW]/.test(id));
  const groups = [...asked].filter((id) => !/^[UW]/.test(id));
  const looked = [...people.slice(0, peopleAtMost), ...groups.slice(0, groupsAtMost)];
  const known = new Map(await checkEach(looked, async (id) => [id, await ask(id, asking)] as const));

  const findings = [...known.values()].flatMap(({ finding }) => finding ?? []);
  const left = asked.size - looked.length;
  if (left > 0) findings.push(warn('approvers', `${left} more are not looked at, for Slack answers only so often.`));
  for (const { rule, approvers } of judged) {
    const ids = [...approvers.users, ...membershipsToCheck(approvers, '')];
    const answers = ids.map((id) => known.get(id)?.deciders);
    const deciders = new Set(answers.flatMap((some) => some ?? []));
    // A second one is enough; and where an answer is missing, there may be more.
    const finding = deciders.size > 1 || answers.includes(undefined) ? undefined : tooFew(deciders.size, rule, policy);
    if (finding) findings.push(finding);
  }
  const fine = findings.every(({ level }) => level === 'ok');
  return { findings: fine ? [ok('approvers', 'somebody can decide about every service.')] : findings };
}

function tooFew(deciders: number, { services, count }: Rule, policy: Policy): CheckResult | undefined {
  const about = services[0] === 'APPROVERS' ? 'APPROVERS' : `approvers of ${joinList(services, count)}`;
  if (deciders === 0) return fail(about, 'nobody can decide. Name people or groups who can, or invite them.');
  if (policy.allowSelfApproval) return undefined;
  return warn(about, 'one person alone can decide, and nobody about what they ask for themselves. Name a second.');
}

async function ask(id: string, asking: Asking): Promise<Known> {
  if (/^[UW]/.test(id)) return askPerson(id, asking);
  return id.startsWith('S') ? askGroup(id, asking) : askChannel(id, asking);
}

async function askPerson(id: string, { client, directory, policy }: Asking): Promise<Known> {
  const about = `approver ${id}`;
  const account = await directory.account(id);
  if (account === 'deactivated')
    return { deciders: [], finding: warn(about, 'deactivated in Slack. Name somebody else in their place.') };
  if (account === 'external' && !policy.allowExternal) {
    const what = 'a guest or of another team, and may not decide unless ALLOW_EXTERNAL is true.';
    return { deciders: [], finding: warn(about, what) };
  }
  if (account) return { deciders: [id] };
  return client.users.info({ user: id }).then(
    () => ({ deciders: undefined }),
    (error) => unanswered(about, error, 'user_not_found', 'nobody in this workspace has this ID. Correct it.'),
  );
}

async function askGroup(id: string, { client }: Asking): Promise<Known> {
  const about = `approvers ${id}`;
  try {
    const { users = [] } = await client.usergroups.users.list({ usergroup: id });
    if (users.length > 0) return { deciders: users };
    return { deciders: [], finding: warn(about, 'the user group is empty. Add people to it in Slack.') };
  } catch (error) {
    return unanswered(about, error, 'no_such_subteam', 'no user group in this workspace has this ID. Correct it.');
  }
}

/** A channel that cannot be looked at is told of where channels are. */
async function askChannel(id: string, { directory, bot }: Asking): Promise<Known> {
  try {
    return { deciders: (await directory.members([id])).filter((member) => member !== bot) };
  } catch {
    return { deciders: undefined };
  }
}

function unanswered(about: string, error: unknown, unknown: string, what: string): Known {
  if (slackErrorCode(error) === unknown) return { deciders: [], finding: fail(about, what) };
  return { deciders: undefined, finding: warn(about, `not known: ${errorSummary(error)}.`) };
}
