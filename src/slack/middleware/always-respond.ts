/** No act goes without an answer: also where a feature is slow, where it breaks, and where none knows what was pressed. */
import type { AckFn, App, BlockAction, ReceiverEvent, RespondFn, SlashCommand } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../../async/timeout.ts';
import type { Deps } from '../../deps.ts';
import type { Log } from '../../observability/log.ts';
import { failed, slow, staleControl, textModal } from '../../views/fallbacks.ts';
import { hasResponded, respondEphemeral, respondToAction } from '../respond.ts';

/** How long a feature may think before whoever acted is told that it takes longer, in milliseconds: of Slack's 3 s. */
const patience = 2_200;

export function alwaysRespond(app: App, { log }: Pick<Deps, 'log'>): void {
  const acknowledged = rememberAcknowledged(app, log);

  app.use(async (args) => {
    const { body, client } = args;
    const respond = 'respond' in args ? args.respond : undefined;
    const tell = (text: string) => say({ body, client, respond }, text, log);
    try {
      const work = args.next();
      const inTime = await withTimeout(patience, work.then(Boolean), 'late');
      if (inTime === 'late' && !hasResponded(body)) await tell(slow);
      await work;
      if ('ack' in args && !acknowledged.has(body)) {
        await (args.ack as AckFn<unknown>)(toUnknown(body));
        await tell(staleControl);
      }
    } catch (error) {
      log.error({ err: error, type: body.type }, 'a feature broke');
      await tell(failed);
    }
  });
  app.error(async (error) => log.error({ err: error }, 'an answer could not be given'));
}

/**
 * Which payloads were acknowledged. What Bolt cannot make anything of never reaches a feature, and is acknowledged here:
 * Slack would send it again, and nobody could do more about it.
 */
function rememberAcknowledged(app: App, log: Log): WeakSet<object> {
  const acknowledged = new WeakSet<object>();
  const processEvent = app.processEvent.bind(app);
  app.processEvent = async (event: ReceiverEvent) => {
    let answered = false;
    const ack = async (answer?: unknown) => {
      answered = true;
      acknowledged.add(event.body);
      await event.ack(answer);
    };
    try {
      await processEvent({ ...event, ack });
    } catch (error) {
      log.error({ err: error }, 'what Slack sent could not be read');
    }
    if (!answered) await event.ack();
  };
  return acknowledged;
}

type Acted = { body: object; client: WebClient; respond: RespondFn | undefined };

async function say({ body, client, respond }: Acted, text: string, log: Log): Promise<void> {
  if (isClick(body)) await respondToAction({ client, body, respond }, text, log);
  else if (isCommand(body)) await respondEphemeral({ client, body, respond }, text, log);
}

const isCommand = (body: object): body is SlashCommand => 'command' in body;

const isClick = (body: object): body is BlockAction => 'type' in body && body.type === 'block_actions';

/** What Slack is answered to something that no feature knows: a form says so, a picker is empty. */
function toUnknown(body: object): unknown {
  const type = 'type' in body ? body.type : undefined;
  if (type === 'view_submission') return { response_action: 'update', view: textModal(staleControl) };
  return type === 'block_suggestion' ? { options: [] } : undefined;
}
