/**
 * Checks requests before they reach Bolt's HTTP receiver, which buffers a body before it verifies the signature: anyone who
 * reaches the port could fill the memory. A request is refused by its headers first, and what is read is bounded in total.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** The largest body that is read, in bytes. Slack's largest are forms that carry a view, of 250 KB, percent-encoded. */
export const maxBody = 1_000_000;

/** The bytes that all larger requests together may announce while their signatures are not verified yet. */
const maxUnverified = 32 * maxBody;

/**
 * A body that does not count among them, in bytes: most of Slack's are smaller, and pass where a few dozen connections of a
 * stranger hold the larger ones back. The number of connections bounds what they take together.
 */
const smallBody = 64_000;

/** How far a timestamp may be from our clock, in seconds (https://docs.slack.dev/authentication/verifying-requests-from-slack). */
const maxSkew = 300;

/** How long a request may stay without a response, in milliseconds: Slack waits for three seconds. */
const responseTimeout = 4_000;

/**
 * Passes on what can be a signed request from Slack, and refuses everything else without reading its body. Refuses all of them
 * until the bot is ready: Bolt would say that they are unauthorized, which an operator looks for in the signing secret.
 */
export function signedRequestsOnly(
  next: RequestListener,
  isReady: () => boolean,
  now: () => number = Date.now,
): RequestListener {
  let unverified = 0;
  return (request, response) => {
    if (!isReady()) return refuse(response, 503);
    const length = lengthOf(request) > smallBody ? lengthOf(request) : 0;
    const status = refusedByHeaders(request, now()) ?? (unverified + length > maxUnverified ? 503 : undefined);
    if (status) return refuse(response, status);
    unverified += length;
    request.once('close', () => {
      unverified -= length;
    });

    // Bolt does not accept a content type with a charset.
    const [type = ''] = (request.headers['content-type'] ?? '').split(';');
    request.headers['content-type'] = type.trim().toLowerCase();
    // On a body that is no object Bolt throws where nothing catches it, and leaves the request open.
    const timer = setTimeout(() => response.headersSent || refuse(response, 400), responseTimeout);
    response.once('close', () => clearTimeout(timer));
    next(request, response);
  };
}

/** Returns the HTTP status for a request that cannot be from Slack, by its headers; undefined where it can. */
function refusedByHeaders({ headers }: IncomingMessage, now: number): number | undefined {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp } = headers;
  if (!/^v0=[0-9a-f]{64}$/.test(String(signature)) || !/^\d{1,12}$/.test(String(timestamp))) return 401;
  if (Math.abs(now / 1000 - Number(timestamp)) > maxSkew) return 401;
  return Number(headers['content-length'] ?? 0) > maxBody ? 413 : undefined;
}

/** Returns the length that a request announces, in bytes; the maximum for chunked bodies, which some tunnels send. */
const lengthOf = ({ headers }: IncomingMessage): number => Number(headers['content-length'] ?? maxBody);

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end();
}
