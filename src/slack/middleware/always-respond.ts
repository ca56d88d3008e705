/** Responds to every interaction, also where a listener is slow or fails, and where none handles it. */
import type { AckFn, App, BlockAction, ReceiverEvent, RespondFn, SlashCommand } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import type { Deps } from '../../deps.ts';
import type { Log } from '../../observability/log.ts';
import { failed, slow, staleControl, textModal } from '../../views/fallbacks.ts';
import { hasResponded, respondEphemeral, respondToAction } from '../respond.ts';

/** How long a listener may run before the user sees that it takes longer, in milliseconds: of the 3 s that Slack waits. */
const slowAfter = 2_200;

/** Adds the middleware. To be called before listeners are added: it sees what those after it do. */
export function alwaysRespond(app: App, { log }: Pick<Deps, 'log'>): void {
  const acknowledged = trackAcks(app, log);

  app.use(async (args) => {
    const { body, client } = args;
    const respond = 'respond' in args ? args.respond : undefined;
    const tellUser = (text: string) => respondTo({ body, client, respond }, text, log);
    try {
      const work = args.next();
      const inTime = await withTimeout(slowAfter, work.then(Boolean), 'late');
      if (inTime === 'late' && !hasResponded(body)) await tellUser(slow);
      await work;
      if ('ack' in args && !acknowledged.has(body)) {
        await (args.ack as AckFn<unknown>)(unhandledAck(body));
        await tellUser(staleControl);
      }
    } catch (error) {
      log.error({ err: error, type: body.type }, 'listener failed, the user gets an error');
      await tellUser(failed);
    }
  });
  app.error(async (error) => log.error({ err: error }, 'response could not be sent'));
}

/**
 * Returns the set of the payloads that were acknowledged. What Bolt cannot process reaches no listener, and is acknowledged
 * here: Slack would send it again, with the same result.
 */
function trackAcks(app: App, log: Log): WeakSet<object> {
  const acknowledged = new WeakSet<object>();
  const processEvent = app.processEvent.bind(app);
  app.processEvent = async (event: ReceiverEvent) => {
    let acked = false;
    const ack = async (response?: unknown) => {
      acked = true;
      acknowledged.add(event.body);
      await event.ack(response);
    };
    try {
      await processEvent({ ...event, ack });
    } catch (error) {
      log.error({ err: error }, 'payload could not be processed, will acknowledge it');
    }
    if (!acked) await event.ack();
  };
  return acknowledged;
}

type Received = { body: object; client: WebClient; respond: RespondFn | undefined };

async function respondTo({ body, client, respond }: Received, text: string, log: Log): Promise<void> {
  if (isClick(body)) await respondToAction({ client, body, respond }, text, log);
  else if (isCommand(body)) await respondEphemeral({ client, body, respond }, text, log);
}

const isCommand = (body: object): body is SlashCommand => 'command' in body;

const isClick = (body: object): body is BlockAction => 'type' in body && body.type === 'block_actions';

/** Returns the ack for what no listener handles: a form shows an error, a picker is empty. */
function unhandledAck(body: object): unknown {
  const type = 'type' in body ? body.type : undefined;
  if (type === 'view_submission') return { response_action: 'update', view: textModal(staleControl) };
  return type === 'block_suggestion' ? { options: [] } : undefined;
}
