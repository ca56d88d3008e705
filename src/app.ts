/** START HERE: registers a listener for each command, button, form and event. */
import type { App } from '@slack/bolt';
import type { Deps } from './deps.ts';
import { manageApplications } from './features/application/manage.ts';
import { home } from './features/home.ts';
import { decide } from './features/registration/decide.ts';
import { editReason } from './features/registration/edit-reason.ts';
import { showHistory } from './features/registration/history.ts';
import { manageKeys } from './features/registration/keys.ts';
import { listRegistrations } from './features/registration/list.ts';
import { register } from './features/registration/register.ts';
import { snoozeReminder } from './features/registration/snooze-reminder.ts';
import { unregister } from './features/registration/unregister.ts';
import { manageServices } from './features/service/manage.ts';
import { followWorkspace } from './features/workspace-events.ts';
import { alwaysRespond } from './slack/middleware/always-respond.ts';
import { limitPerUser } from './slack/middleware/rate-limit.ts';

export function registerListeners(app: App, deps: Deps): void {
  alwaysRespond(app, deps);
  limitPerUser(app, deps);
  register(app, deps); //   /register, its pickers and its form
  unregister(app, deps); // /unregister, its picker and its form
  decide(app, deps); //     Approve, Reject, Revoke, Reinstate and Delete request, on the card and in Home
  editReason(app, deps); // Edit reason, of a request that is pending, in Home
  showHistory(app, deps); // History, on the card
  snoozeReminder(app, deps); // Snooze until tomorrow, on a reminder
  manageKeys(app, deps); //  Get key, New key and Remove old key
  listRegistrations(app, deps); // /registrations
  home(app, deps); //       Home: opening it, its pages and its searches
  manageServices(app, deps); // the catalog in Home: add, edit, enable or disable, retire
  manageApplications(app, deps); // the menu of an application in Home, its forms, and ownerless applications
  followWorkspace(app, deps); // members who join and leave the channels and groups of approvers
}
