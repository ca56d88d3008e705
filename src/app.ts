/** START HERE: which Slack event wakes which feature. */
import type { App } from '@slack/bolt';
import type { Deps } from './deps.ts';
import { applications } from './features/application/manage.ts';
import { home } from './features/home.ts';
import { decide } from './features/registration/decide.ts';
import { editReason } from './features/registration/edit-reason.ts';
import { readHistory } from './features/registration/history.ts';
import { registrations } from './features/registration/list.ts';
import { register } from './features/registration/register.ts';
import { putOff } from './features/registration/snooze-reminder.ts';
import { unregister } from './features/registration/unregister.ts';
import { keepServices } from './features/service/manage.ts';
import { membership } from './features/workspace-events.ts';
import { answerEverything } from './slack/middleware/always-respond.ts';
import { keepPace } from './slack/middleware/rate-limit.ts';

export function listen(app: App, deps: Deps): void {
  answerEverything(app, deps);
  keepPace(app, deps);
  register(app, deps); //   /register, its pickers and its form
  unregister(app, deps); // /unregister, its picker and its form
  decide(app, deps); //     Approve, Reject, Revoke, Reinstate and Delete request, on the card and in Home
  editReason(app, deps); // Edit reason, of a request that is pending, in Home
  readHistory(app, deps); // History, on the card
  putOff(app, deps); //     Remind me tomorrow, on a reminder
  registrations(app, deps); // /registrations
  home(app, deps); //       the Home: opened, turned and searched
  keepServices(app, deps); // the catalog in Home: add, edit, enable or disable, retire
  applications(app, deps); // the menu of an application in Home, its forms, and one that nobody owns
  membership(app, deps); // who joins and leaves the channels and groups that decide
}
