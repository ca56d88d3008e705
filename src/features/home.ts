/** The Home: a person opens it, turns its pages, and narrows down what waits for them. What it then shows, the outbox draws. */
import type { App, BlockButtonAction, BlockExternalSelectAction, BlockPlainTextInputAction } from '@slack/bolt';
import * as queue from '../db/home/approval-queue.ts';
import * as homes from '../db/home/homes.ts';
import type { Deps } from '../deps.ts';
import { storable } from '../domain/text.ts';
import { answerPicker } from '../slack/respond.ts';
import { optionLimit } from '../views/blocks.ts';
import {
  searched,
  searchField,
  serviceChosen,
  serviceOption,
  servicePicker,
  showAll,
} from '../views/home/approval-queue.ts';
import { catalogSearch, catalogSearched } from '../views/home/catalog.ts';
import { pageButtons, pageOf } from '../views/home/pagination.ts';
import { decidableBy } from './shared/decidable-by.ts';

export function home(app: App, deps: Deps): void {
  const { db, now, log } = deps;
  const show = (person: string, wish: Partial<homes.Shown>) => homes.show(db, person, now(), wish);

  app.event('app_home_opened', async ({ event }) => {
    if (event.tab !== 'messages') await show(event.user, {});
  });

  for (const [id, list] of pageButtons) {
    app.action<BlockButtonAction>(id, async ({ ack, action, body }) => {
      await ack();
      await show(body.user.id, { [list]: pageOf(action.value) });
    });
  }

  app.action<BlockExternalSelectAction>(servicePicker, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, { queuePage: 1, serviceId: serviceChosen(action.selected_option?.value) });
  });

  app.action<BlockPlainTextInputAction>(searchField, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, { queuePage: 1, search: searched(action.value) });
  });

  app.action<BlockButtonAction>(showAll, async ({ ack, body }) => {
    await ack();
    await show(body.user.id, { queuePage: 1, serviceId: null, search: '' });
  });

  app.action<BlockPlainTextInputAction>(catalogSearch, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, { catalogPage: 1, catalogSearch: catalogSearched(action.value) });
  });

  app.options(servicePicker, async ({ ack, options, body }) => {
    const found = decidableBy(body.user.id, deps).then((may) =>
      queue.filters(db, may, storable(options.value ?? ''), optionLimit),
    );
    await answerPicker(
      ack,
      found.then((services) => services.map(serviceOption)),
      log,
    );
  });
}
