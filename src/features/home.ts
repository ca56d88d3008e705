/** Handles Home: a person opens it, turns its pages and filters its lists. The outbox renders and publishes it. */
import type { App, BlockButtonAction, BlockExternalSelectAction, BlockPlainTextInputAction } from '@slack/bolt';
import * as queue from '../db/home/approval-queue.ts';
import * as homes from '../db/home/homes.ts';
import * as services from '../db/service/services.ts';
import type { Deps } from '../deps.ts';
import { toStorable } from '../domain/text.ts';
import { ackOptions } from '../slack/respond.ts';
import { optionLimit } from '../views/blocks.ts';
import {
  queueServiceOptions,
  readSearch,
  readServiceFilter,
  searchField,
  servicePicker,
  showAllButton,
} from '../views/home/approval-queue.ts';
import { catalogSearch, readCatalogSearch } from '../views/home/catalog.ts';
import { pageButtons, readPage } from '../views/home/pagination.ts';
import { openHomeButton } from '../views/registration/approver-message.ts';
import { decidableBy } from './shared/decidable-by.ts';

export function home(app: App, deps: Deps): void {
  const { db, now, log } = deps;
  /** Shows what a person has chosen. `made` is when, in Slack's seconds. */
  const show = (person: string, made: string, changes: Partial<homes.HomeState>) =>
    homes.show(db, person, now(), { changes, at: Number(made) });

  app.event('app_home_opened', async ({ event }) => {
    if (event.tab !== 'messages') await homes.show(db, event.user, now());
  });

  // Slack opens the button's link; what it opens is up to date then.
  app.action<BlockButtonAction>(openHomeButton, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, action.action_ts, { queuePage: 1 });
  });

  for (const [id, list] of pageButtons) {
    app.action<BlockButtonAction>(id, async ({ ack, action, body }) => {
      await ack();
      await show(body.user.id, action.action_ts, { [list]: readPage(action.value) });
    });
  }

  app.action<BlockExternalSelectAction>(servicePicker, async ({ ack, action, body }) => {
    await ack();
    const chosen = readServiceFilter(action.selected_option?.value);
    const service = chosen === undefined ? undefined : await services.resolve(db, chosen);
    await show(body.user.id, action.action_ts, { queuePage: 1, serviceId: service?.id ?? null });
  });

  app.action<BlockPlainTextInputAction>(searchField, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, action.action_ts, { queuePage: 1, search: readSearch(action.value) });
  });

  app.action<BlockButtonAction>(showAllButton, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, action.action_ts, { queuePage: 1, serviceId: null, search: '' });
  });

  app.action<BlockPlainTextInputAction>(catalogSearch, async ({ ack, action, body }) => {
    await ack();
    await show(body.user.id, action.action_ts, { catalogPage: 1, catalogSearch: readCatalogSearch(action.value) });
  });

  app.options(servicePicker, async ({ ack, options, body }) => {
    const found = decidableBy(body.user.id, deps).then((rule) =>
      queue.listFilters(db, rule, toStorable(options.value ?? ''), optionLimit),
    );
    await ackOptions(
      ack,
      found.then((services) => queueServiceOptions(services)),
      log,
    );
  });
}
