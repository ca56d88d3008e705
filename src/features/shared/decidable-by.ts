/** What a person may decide, by the one policy: Slack is asked about them once for each group and channel, not for each request. */
import * as queue from '../../db/home/approval-queue.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, isApprover, membershipsToCheck } from '../../domain/authorization.ts';

export type DecidableRequests = queue.DecidableRule & {
  /** Whether they decide anything: about a service that has something pending, or where a service names nobody. */
  approver: boolean;
  /** Whether they look after the workspace as a whole. */
  admin: boolean;
  /** Whether Slack left open who decides about something that is pending. */
  unsure: boolean;
};

type Asking = Pick<Deps, 'config' | 'db' | 'directory'>;

export async function decidableBy(person: string, { config, db, directory }: Asking): Promise<DecidableRequests> {
  const { policy } = config;
  const named = (await queue.listRules(db)).map(({ services, ...rule }) => ({
    services,
    approvers: allowedApprovers(rule, policy),
  }));
  const rules = [{ services: [], approvers: admins(policy) }, ...named];
  const ids = new Set(rules.flatMap(({ approvers }) => membershipsToCheck(approvers, person)));
  const memberships = await directory.memberships(person, [...ids]);
  const judged = rules.map(({ services, approvers }) => ({
    services,
    may: isApprover(person, approvers, memberships, policy),
  }));
  const theirs = judged.filter(({ may }) => may === true);
  return {
    person,
    services: theirs.flatMap(({ services }) => services),
    own: policy.allowSelfApproval,
    approver: theirs.length > 0,
    admin: judged[0]?.may === true,
    unsure: judged.some(({ may, services }) => may === undefined && services.length > 0),
  };
}
