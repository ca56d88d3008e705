/** Checks the name of an application while it is being typed: too long, or taken, and by whom. The submission checks it again. */
import type { App, BlockPlainTextInputAction } from '@slack/bolt';
import { withTimeout } from '../../async/timeout.ts';
import * as applications from '../../db/application/applications.ts';
import type { Deps } from '../../deps.ts';
import { normalizeName } from '../../domain/application.ts';
import { toStorable } from '../../domain/text.ts';
import { lookupTimeout } from '../../slack/respond.ts';
import { createNotices } from '../../slack/typing.ts';
import { nameField, readNameNotice, withNameNotice } from '../../views/application/forms.ts';
import { applicationNameError } from '../../views/application/refusals.ts';
import { readReference } from '../../views/button-value.ts';
import { nameTakenText } from '../../views/name-errors.ts';
import { withOwnerNames } from '../shared/owner-names.ts';

/** Adds the listener. Returns what ends the checks of a form that is submitted. */
export function checkNames(app: App, { db, directory, log }: Pick<Deps, 'db' | 'directory' | 'log'>) {
  const notices = createNotices(log);

  app.action<BlockPlainTextInputAction>(nameField, async ({ ack, action, body, client }) => {
    await ack();
    const { view } = body;
    if (!view) return;
    const own = readReference(view.private_metadata)?.publicId;
    const found = findProblem(body.user.id, toStorable(action.value ?? ''), own);
    const typed = { client, body, view, at: Number(action.action_ts), notice: readNameNotice(view) };
    await notices.show(typed, found, (problem) => withNameNotice(view, problem));
  });

  return { end: notices.end };

  /** Finds what is wrong with a name for a new application, or for the one with the public id `own`. */
  async function findProblem(person: string, typed: string, own: string | undefined): Promise<string | undefined> {
    const name = normalizeName(typed);
    if (name === '') return undefined;
    const wrong = applicationNameError(typed);
    if (wrong) return wrong;
    const [taken] = await applications.findTaken(db, [name]);
    if (!taken || taken.application === own) return undefined;
    const refusal = { kind: 'name-taken', name, owners: taken.owners } as const;
    const named = await withTimeout(lookupTimeout, withOwnerNames(refusal, { directory }), { ...refusal, owners: [] });
    return nameTakenText({ ...named, mine: taken.owners.includes(person) });
  }
}
