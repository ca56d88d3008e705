/** Whether a person may decide a request, by the one policy, where it is not they who act. */
import type { Deps } from '../../deps.ts';
import { allowedApprovers, checkDecision, membershipsToCheck } from '../../domain/authorization.ts';
import type { RequestParties } from '../../domain/own-request.ts';

type Row = {
  registration: Omit<RequestParties, 'owners'>;
  service: { approvers: string[]; channel: string | null };
  owners: string[];
};

/** Tells whether a person may decide a request. Rejects where Slack does not say. */
export async function canDecide(
  person: string,
  { registration, service, owners }: Row,
  { config: { policy }, directory }: Pick<Deps, 'config' | 'directory'>,
): Promise<boolean> {
  const approvers = allowedApprovers(service, policy);
  const memberships = await directory.memberships(person, membershipsToCheck(approvers, person));
  const refusal = checkDecision(person, { ...registration, owners }, approvers, memberships, policy);
  if (refusal?.kind === 'unsure') throw new Error('Slack did not say who can decide');
  return refusal === null;
}
