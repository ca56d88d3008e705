/** Attacks: what Slack would never send, or not again, or not for this person, changes nothing and breaks nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';
import { people, requests } from './support/people.ts';
import type { Payload } from './workspace/delivery/parcel.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice({ mode: 'http' });
});
afterAll(() => office[Symbol.asyncDispose]());

/** Everything that is kept about requests. */
const kept = async () => {
  const [row] = await office.database.sql`
    select (select json_agg(r order by id) from registrations r) registrations,
      (select json_agg(a order by id) from applications a) applications,
      (select json_agg(o order by user_id, application_id) from application_owners o) owners,
      (select json_agg(s order by id) from services s) services,
      (select json_agg(h order by registration_id, version) from history h) history`;
  return JSON.stringify(row);
};

/** The newest payload of a type that a bot was handed. */
function delivered(type: string): Payload {
  const found = office.workspace.delivered.findLast((payload) => payload.type === type);
  if (!found) throw new Error(`nothing of type ${type} was delivered`);
  return structuredClone(found);
}

const unknown = 'Registrar does not know this any more, and nothing was changed.';

describe('what this version does not know', () => {
  beforeAll(async () => {
    const { dana, alex } = people(office);
    await requests(dana, alex, 'Payments API', 'Known');
    await alex.clicks('History', { in: 'api-requests' });
    await alex.closes();
  });

  it.each(['teleport', '__proto__', 'constructor', ''])(
    'a button called “%s” is acknowledged, and whoever pressed it is told',
    async (action_id) => {
      const { alex } = people(office);
      const before = await kept();
      const told = alex.whispers.length + alex.told.length;
      const click = delivered('block_actions');
      const [action] = Object(click.actions);
      expect(await office.workspace.deliver({ ...click, actions: [{ ...action, action_id }] })).toMatchObject({
        ok: true,
      });
      await office.workspace.until(() => alex.whispers.length + alex.told.length > told);
      expect([...alex.whispers, ...alex.told].join()).toContain(unknown);
      expect(await kept()).toBe(before);
    },
  );

  it('a form says so, a picker is empty, a command is answered; and anything else is acknowledged', async () => {
    const { workspace } = office;
    const { dana } = people(office);
    const form = delivered('view_submission');
    const view = { ...Object(form.view), callback_id: 'teleport' };
    expect(JSON.stringify(await workspace.deliver({ ...form, view }))).toContain(unknown);
    const asked = { ...delivered('block_suggestion'), action_id: 'teleport' };
    expect(await workspace.deliver(asked)).toEqual({ ok: true, body: { options: [] } });
    await dana.types('/teleport');
    await dana.finds(new RegExp(unknown), { in: 'whispered' });
    const { user, team } = form;
    for (const type of ['shortcut', 'message_action', 'view_closed', 'something_new', '__proto__']) {
      expect(await workspace.deliver({ type, user, team, view, callback_id: 'teleport' })).toEqual({ ok: true });
    }
  });
});
