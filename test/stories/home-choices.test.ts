/** What a person chooses in Home, in any order on its way: the later choice counts, and nothing half-shown stays. */
import { describe, expect, it } from 'vitest';
import { placed } from '../local-slack/blocks/placed.ts';
import { type Mode, storyModes } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { holdServices, waitForBlocked } from '../support/locks.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const names = Array.from({ length: 10 }, (_, index) => `Service ${index} API`);
const catalog = JSON.stringify({ services: names.map((name, index) => ({ slug: `s-${index}`, name })) });

/** Dana has asked for ten services, and Alex has looked for those of Shop: Home offers filters, and to show all. */
async function withFilters(mode: Mode) {
  const scenario = await openScenario({ mode, catalog });
  const { dana, alex } = people(scenario);
  await asks(dana, names, 'Shop');
  await dana.closes();
  await alex.opensHome();
  await alex.finds(/To review \(10\)/, atHome);
  await alex.fills('Application', 'Sho', atHome);
  await alex.finds(/\[Show all\]/, atHome);
  await delivered(scenario);
  return scenario;
}

describe.each(storyModes)('over %s', (mode) => {
  it('of two filters within milliseconds, the one chosen later stays, also where the earlier one arrives last', async () => {
    await using scenario = await withFilters(mode);
    const { workspace, database } = scenario;
    const { alex } = people(scenario);
    const home = workspace.home(alex.id);
    const [picker] = placed(home?.blocks ?? []).filter(({ actionId }) => actionId === 'home-service');
    if (!home || !picker) throw new Error('there is no filter by service');
    const { blockId, actionId } = picker;
    const where = { by: alex.id, view: home.id, blockId, actionId };
    const offered = await workspace.suggest({ ...where, typed: 'Service 3' });
    const [option] = Array.isArray(offered) ? offered : [];
    if (!option) throw new Error('the service is not offered');

    // The look-up of the chosen service waits, and what was clicked after it goes first.
    const catalogue = await holdServices(database);
    await workspace.fill({ ...where, state: { type: 'external_select', selected_option: option } });
    await waitForBlocked(database, 1);
    await alex.clicks('Show all', atHome);
    await eventually('all are to be shown', async () => {
      const [row] = await database.sql`select search from homes where user_id = ${alex.id}`;
      return row?.search === '';
    });
    await catalogue.release();
    await alex.finds(/^(?![\s\S]*Show all)[\s\S]*To review \(10\)/, atHome);
    await delivered(scenario);
    expect(await database.sql`select service_id, search from homes where user_id = ${alex.id}`).toEqual([
      { service_id: null, search: '' },
    ]);
    expect(alex.sees('home').join()).toMatch(/To review \(10\)[\s\S]*Service 0 API[\s\S]*Service 9 API/);
  });

  it('a Home that Slack stores after a newer one does not replace it', async () => {
    await using scenario = await withFilters(mode);
    const { workspace } = scenario;
    const { alex } = people(scenario);
    const later = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const late = workspace.fail('views.publish', {
      kind: 'drop-then-store',
      until: () => later.promise.finally(() => setImmediate(stored.resolve)),
    });
    await alex.fills('Application', 'nothing like it', atHome);
    await eventually('the call is lost', async () => late.met === 1);
    await alex.clicks('Show all', atHome);
    await alex.finds(/^(?![\s\S]*Show all)[\s\S]*To review \(10\)/, atHome);
    await delivered(scenario);
    later.resolve();
    await stored.promise;
    const answers = workspace.calls.filter(({ method }) => method === 'views.publish').map(({ response }) => response);
    expect(answers).toContainEqual({ ok: false, error: 'hash_conflict' });
    expect(alex.sees('home').join()).toMatch(/^(?![\s\S]*Show all)[\s\S]*To review \(10\)/);

    // Of a call whose answer is lost, the next one knows no view to go over: it is shown all the same.
    workspace.fail('views.publish', { kind: 'accept-then-drop' });
    await alex.fills('Application', 'Shop', atHome);
    await alex.finds(/\[Show all\]/, atHome);
    await delivered(scenario);
    await alex.clicks('Show all', atHome);
    await alex.finds(/^(?![\s\S]*Show all)[\s\S]*To review \(10\)/, atHome);
  });
});
