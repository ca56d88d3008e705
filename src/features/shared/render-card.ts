/** Renders a request card, with what only Slack knows about it. */
import { withTimeout } from '../../async/timeout.ts';
import type { Deps } from '../../deps.ts';
import { msPer } from '../../domain/duration.ts';
import type { Registration } from '../../domain/registration.ts';
import { permalinkFor } from '../../slack/messages.ts';
import type { Message } from '../../views/message.ts';
import { requestCard } from '../../views/registration/card.ts';
import { isSeenFrom } from './card-readers.ts';

/** How long a title is cached, and how long a card waits for it, in milliseconds. */
const titleTtl = msPer.hour;
const titleTimeout = 1_000;

/** Renders the card. One that Slack does not answer in time for goes without the title and the links. */
export async function renderCard(registration: Registration, { directory }: Pick<Deps, 'directory'>): Promise<Message> {
  const known = Promise.all([
    directory.member(registration.requester, titleTtl),
    directory.workspaceUrl(),
    hiddenChannels(registration, { directory }),
  ]);
  const answered = await withTimeout(titleTimeout, known, undefined).catch(() => undefined);
  if (!answered) return requestCard(registration);
  const [requester, url, hidden] = answered;
  return requestCard(registration, {
    title: requester?.title ?? '',
    ...(url ? { linkTo: (card) => (hidden.has(card.channel) ? undefined : permalinkFor(url, card)) } : {}),
  });
}

/** Finds the channels of earlier cards that not everybody in the channel of this one can see: they are not linked. */
async function hiddenChannels(
  { approvers, previousRequests }: Registration,
  { directory }: Pick<Deps, 'directory'>,
): Promise<Set<string>> {
  const hidden = new Set<string>();
  for (const channel of new Set(previousRequests.flatMap(({ card }) => card?.channel ?? [])))
    if (!(await isSeenFrom(approvers.channel, channel, { directory }))) hidden.add(channel);
  return hidden;
}
