/** START HERE: which Slack event wakes which feature. */
import type { App } from '@slack/bolt';
import { whisper } from './answer.ts';
import type { Deps } from './deps.ts';
import { decide } from './features/decide.ts';
import { membership } from './features/membership.ts';
import { register } from './features/register.ts';
import { unregister } from './features/unregister.ts';
import { broken } from './views/apologies.ts';

export function listen(app: App, deps: Deps): void {
  answerWhatBreaks(app, deps);
  register(app, deps); //   /register, its pickers and its form
  unregister(app, deps); // /unregister, its picker and its form
  decide(app, deps); //     Approve, Reject, Revoke, Reinstate and Delete request, on the card
  membership(app, deps); // who joins and leaves the channels and groups that decide
}

/** No click and no command goes without an answer: where a feature breaks, whoever acted is told to try again. */
function answerWhatBreaks(app: App, { log }: Deps): void {
  app.use(async (args) => {
    try {
      await args.next();
    } catch (error) {
      log.error({ err: error, type: args.body.type }, 'a feature broke');
      if ('respond' in args && typeof args.respond === 'function') await whisper(args.respond, broken);
    }
  });
  app.error(async (error) => log.error({ err: error }, 'an answer could not be given'));
}
