/** What a person may decide. Slack is asked once for each user group and channel, not for each request. */
import * as queue from '../../db/home/approval-queue.ts';
import type { Deps } from '../../deps.ts';
import { admins, allowedApprovers, isApprover, membershipsToCheck } from '../../domain/authorization.ts';

/** Which pending requests a person may decide, and their role. */
export type DecidableRequests = queue.DecidableRule & {
  /** Whether they are an approver: of a service with pending requests, or of the services that name no approvers. */
  approver: boolean;
  /** Whether they are an admin. */
  admin: boolean;
  /** Whether it is unknown if they may decide a pending request, because Slack did not answer. */
  unsure: boolean;
};

type Context = Pick<Deps, 'config' | 'db' | 'directory'>;

/** Determines what a person may decide. */
export async function decidableBy(person: string, { config, db, directory }: Context): Promise<DecidableRequests> {
  const { policy } = config;
  const settings = (await queue.listRules(db)).map(({ services, ...rule }) => ({
    services,
    approvers: allowedApprovers(rule, policy),
  }));
  const rules = [{ services: [], approvers: admins(policy) }, ...settings];
  const ids = new Set(rules.flatMap(({ approvers }) => membershipsToCheck(approvers, person)));
  const memberships = await directory.memberships(person, [...ids]);
  const checked = rules.map(({ services, approvers }) => ({
    services,
    may: isApprover(person, approvers, memberships, policy),
  }));
  const allowed = checked.filter(({ may }) => may === true);
  return {
    person,
    services: allowed.flatMap(({ services }) => services),
    own: policy.allowSelfApproval,
    approver: allowed.length > 0,
    admin: checked[0]?.may === true,
    unsure: checked.some(({ may, services }) => may === undefined && services.length > 0),
  };
}
