/**
 * Measures how long Slack, and so the user, waits for an ack. Slack gives up after three seconds
 * (https://docs.slack.dev/interactivity/handling-user-interaction).
 */
import type { App } from '@slack/bolt';
import { Histogram, type Registry } from 'prom-client';

const kinds = { block_actions: 'action', block_suggestion: 'options', view_submission: 'submission' } as const;

/** Classifies a payload by its shape; an unknown one is `other`. */
function kindOf(body: object): string {
  if ('command' in body) return 'command';
  if ('event' in body) return 'event';
  const type = 'type' in body ? body.type : undefined;
  return Object.entries(kinds).find(([name]) => name === type)?.[1] ?? 'other';
}

/**
 * Returns a function that times every ack of an app. It wraps `processEvent`, because Bolt acknowledges events before any
 * middleware runs, and gives each middleware an `ack` of its own.
 */
export function instrumentAcks(registry: Registry) {
  const seconds = new Histogram({
    name: 'registrar_ack_seconds',
    help: 'Time from receiving a payload from Slack to its ack, by kind.',
    labelNames: ['kind'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3],
    registers: [registry],
  });
  return (app: Pick<App, 'processEvent'>): void => {
    const processEvent = app.processEvent.bind(app);
    app.processEvent = (event) => {
      const observe = seconds.startTimer({ kind: kindOf(Object(event.body)) });
      const ack: typeof event.ack = async (response) => {
        await event.ack(response);
        observe();
      };
      return processEvent({ ...event, ack });
    };
  };
}
