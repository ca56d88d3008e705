/** How long Slack, and so a person, waits for the answer to what they did. Slack gives up after three seconds. */
import type { App } from '@slack/bolt';
import { Histogram, type Registry } from 'prom-client';

const kinds = { block_actions: 'action', block_suggestion: 'options', view_submission: 'submission' } as const;

/** What Slack sent, by its shape; everything else is `other`. */
function kindOf(body: object): string {
  if ('command' in body) return 'command';
  if ('event' in body) return 'event';
  const type = 'type' in body ? body.type : undefined;
  return Object.entries(kinds).find(([name]) => name === type)?.[1] ?? 'other';
}

/** Bolt answers events before any middleware runs, and gives each middleware an `ack` of its own: so it is done here. */
export function instrumentAcks(registry: Registry) {
  const seconds = new Histogram({
    name: 'registrar_ack_seconds',
    help: 'From receiving a payload of Slack to answering it, by kind.',
    labelNames: ['kind'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3],
    registers: [registry],
  });
  return (app: Pick<App, 'processEvent'>): void => {
    const processEvent = app.processEvent.bind(app);
    app.processEvent = (event) => {
      const stop = seconds.startTimer({ kind: kindOf(Object(event.body)) });
      const ack: typeof event.ack = async (answer) => {
        await event.ack(answer);
        stop();
      };
      return processEvent({ ...event, ack });
    };
  };
}
