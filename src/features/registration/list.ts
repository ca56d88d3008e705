/** Handles `/registrations`: lists the registrations of a person's applications. */
import type { App } from '@slack/bolt';
import * as applications from '../../db/application/applications.ts';
import type { Deps } from '../../deps.ts';
import { respondEphemeral } from '../../slack/respond.ts';
import { maxRegistrationsListed, registrationList } from '../../views/registration/list.ts';

export function listRegistrations(app: App, { db, log }: Deps): void {
  app.command('/registrations', async ({ ack, command, client, respond }) => {
    await ack();
    const owned = await applications.listOwned(db, command.user_id, { asked: 1, size: maxRegistrationsListed });
    await respondEphemeral({ client, body: command, respond }, registrationList(owned), log);
  });
}
