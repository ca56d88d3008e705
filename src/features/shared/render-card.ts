/** Renders a request card, with what only Slack knows about it. */
import { withTimeout } from '../../async/timeout.ts';
import type { Deps } from '../../deps.ts';
import { msPer } from '../../domain/duration.ts';
import type { Registration } from '../../domain/registration.ts';
import { permalinkFor } from '../../slack/messages.ts';
import type { Message } from '../../views/message.ts';
import { requestCard } from '../../views/registration/card.ts';

/** How long a title is cached, and how long a card waits for it, in milliseconds. */
const titleTtl = msPer.hour;
const titleTimeout = 1_000;

/** Renders the card. One that Slack does not answer in time for goes without the title and the links. */
export async function renderCard(registration: Registration, { directory }: Pick<Deps, 'directory'>): Promise<Message> {
  const known = Promise.all([directory.member(registration.requester, titleTtl), directory.workspaceUrl()]);
  const answered = await withTimeout(titleTimeout, known, undefined).catch(() => undefined);
  if (!answered) return requestCard(registration);
  const [requester, url] = answered;
  return requestCard(registration, {
    title: requester?.title ?? '',
    ...(url ? { linkTo: (card) => permalinkFor(url, card) } : {}),
  });
}
