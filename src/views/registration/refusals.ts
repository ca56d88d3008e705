/** Refusals about registrations, as sentences that say what to do next. */
import type { ShownApprovers } from '../../domain/approvers.ts';
import { actorFor, type LastChange, type Refusal } from '../../domain/registration.ts';
import { describeApprovers } from '../approvers.ts';
import { dateTime, inlineText, mention } from '../blocks.ts';
import type { RequestNames } from './forms/request-line.ts';

/** Says why nothing was changed and what to do next, for the user who acted; `about` names the request. */
export function refusalText(refused: Refusal, about?: RequestNames): string {
  switch (refused.kind) {
    case 'already':
      if (refused.last.status === 'pending')
        return 'This request is still waiting for a decision. Nothing was changed.';
      return `This request was already ${refused.last.status}${changedBy(refused.last)}. Nothing was changed.`;
    case 'already-unregistered':
      return refused.from === 'pending' ? 'You already withdrew this request.' : 'You already gave this up.';
    case 'stale':
      return `This request has changed since you saw it: ${describeLastChange(refused.last)}${changedBy(refused.last)}. ${lookAgain[actorFor[refused.action]]}`;
    case 'card-unknown':
      return 'This card may be older or newer than the request. Nothing was changed. It is being updated: look again in a moment.';
    case 'gone':
      return 'That no longer exists. Nothing was changed. Home shows what there is now.';
    case 'copy':
      return `Slack posted this card twice, and this is the copy. Nothing was changed. ${refused.card ? `<${refused.card}|Open the card>` : 'Find the card in this channel'}, and decide there.`;
    case 'application-deleted':
      return 'The application was deleted by its owners, so nothing can be approved for it. To clear this card away, choose Delete request.';
    case 'own-request':
      return `You can’t decide your own request. ${askText(refused)}`;
    case 'own-application':
      return `You own this application, or did when this was requested, so you can’t decide about it. ${askText(refused)}`;
    case 'not-an-approver':
      return `Only ${describeApprovers(refused.askInstead)} can decide ${about ? requestName(about) : 'this request'}. Nothing was changed.`;
    case 'not-an-owner':
      return 'Only an owner of the application can do this. Nothing was changed.';
    case 'not-the-requester':
      return 'Only the requester can edit the reason. Nothing was changed.';
    case 'not-a-reader': {
      const readers = new Set(refused.askInstead.map((approvers) => describeApprovers(approvers)));
      return `Only ${[...readers].join(' or ')} can see the history of this request.`;
    }
    case 'put-off':
      return `${mention(refused.by)} already snoozed this reminder until ${dateTime(refused.until)}. Nothing was changed.`;
    case 'external':
      return 'Guests and people from other workspaces can’t request or approve access here. Ask a full member of this workspace.';
    case 'deactivated':
      return 'This Slack account was deactivated. Nothing was changed.';
    case 'unsure':
      return unsureText;
  }
}

const requestName = ({ service, application }: RequestNames): string =>
  `${inlineText(service)} for ${inlineText(application)}`;

/** Says whom to ask; where no one else can decide, who can change that. */
function askText({ askInstead, deadEnd }: Extract<Refusal, { kind: 'own-request' | 'own-application' }>): string {
  return deadEnd
    ? `No one else can decide it. ${otherApproverText(deadEnd.admins)}`
    : `Ask ${describeApprovers(askInstead)}.`;
}

/** Says who can name another approver; null where no other admin is named. */
export const otherApproverText = (admins: ShownApprovers | null): string =>
  admins
    ? `Ask ${describeApprovers(admins)} to name another approver.`
    : 'An admin can name another approver for the service in Home.';

/** Shown where Slack did not say who a user is, or who belongs to a group or channel. */
export const unsureText = 'Slack didn’t say who can do this. Nothing was changed. Try again in a minute.';

/** Describes the last change. A pending request changes by its reason alone. */
const describeLastChange = ({ status }: LastChange): string =>
  status === 'pending' ? 'its reason was edited' : `it was ${status}`;

/** Says who made the last change, and when: " by @alex, 3 Nov at 10:15". */
export const changedBy = ({ by, at }: LastChange): string => `${by ? ` by ${mention(by)}` : ''}, ${dateTime(at)}`;

/** What to do about a stale button, by who takes its action. */
export const lookAgain = {
  approver: 'Look at it again, then decide.',
  owner: 'Look at it again before you unregister it.',
  requester: 'Look at it again before you edit it.',
  time: 'Nothing was changed.',
} as const;
