/** `/registrations`: a person reads what their applications have. */
import type { App } from '@slack/bolt';
import * as applications from '../../db/application/applications.ts';
import type { Deps } from '../../deps.ts';
import { whisper } from '../../slack/respond.ts';
import { listedAtMost, registrationList } from '../../views/registration/list.ts';

export function registrations(app: App, { db, log }: Deps): void {
  app.command('/registrations', async ({ ack, command, client, respond }) => {
    await ack();
    const held = await applications.held(db, command.user_id, { asked: 1, size: listedAtMost });
    await whisper({ client, body: command, respond }, registrationList(held), log);
  });
}
