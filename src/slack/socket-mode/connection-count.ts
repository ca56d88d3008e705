/**
 * How many Socket Mode connections the app may have. Slack allows ten, and at ten gives envelopes to dead ones without a word
 * (python-slack-sdk#1940): that is to be noticed before.
 */
import type { Log } from '../../observability/log.ts';

/** Slack renews each connection every few hours, and one that is lost has to be replaced: the other takes what people do. */
export const connectionsPerReplica = 2;

/** A renewal and a rolling restart need room for some more. */
const tooMany = 8;

/** Says what is wrong with so many connections, and what to do; undefined where nothing is, as far as is known. */
export function connectionWarning(connections: number, replicas: number | undefined): string | undefined {
  if (connections >= tooMany)
    return `Slack counts ${connections} Socket Mode connections of this app; at ten, clicks are lost. Stop what else uses SLACK_APP_TOKEN, run fewer replicas, or use HTTP mode`;
  // A replica that is just starting may not be counted yet.
  if (replicas !== undefined && connections > connectionsPerReplica * Math.max(replicas, 1))
    return `Slack counts ${connections} Socket Mode connections of this app, and ${replicas === 1 ? '1 replica has' : `${replicas} replicas have`} ${connectionsPerReplica} each: clicks that go to the others are lost. See what else uses SLACK_APP_TOKEN`;
  return undefined;
}

/**
 * Returns what is to be called with each count of Slack's, and logs a warning about the last of them when none has followed
 * for `delay` milliseconds: by then a replica that has just started is in the database too.
 */
export function warnOfConnections(
  countReplicas: () => Promise<number | undefined>,
  log: Log,
  delay: number,
): (connections: number) => void {
  let timer: NodeJS.Timeout | undefined;
  return (connections) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const replicas = await countReplicas().catch(() => undefined);
      const warning = connectionWarning(connections, replicas);
      if (warning) log.warn({ connections, replicas }, warning);
    }, delay).unref();
  };
}
