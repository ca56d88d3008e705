/**
 * The Home: the requests that the person may decide, their applications, and for admins the catalog. Slack takes 100
 * blocks and 250 KB: a request takes two blocks, a registration at most three with the heading of its application, a
 * service two at most, and all the rest together fewer than twenty.
 */
import type { HomeView } from '@slack/types';
import type { Page } from '../../domain/pagination.ts';
import { newApplicationButton } from '../application/menu.ts';
import { button, context } from '../blocks.ts';
import { applicationBlocks, type HeldApplication } from './applications.ts';
import { type ApprovalQueue, queueBlocks } from './approval-queue.ts';
import { type CatalogPage, catalogBlocks } from './catalog.ts';
import { registerButton } from './register-button.ts';

export type HomeFacts = {
  held: Page<HeldApplication>;
  /** Null for people who decide nothing. */
  waiting: ApprovalQueue | null;
  catalog: CatalogPage;
  /** Slack did not say who may decide some of the pending requests. */
  unsure: boolean;
};

export const homeView = ({ held, waiting, catalog: services, unsure }: HomeFacts, now: Date): HomeView => ({
  type: 'home',
  blocks: [
    {
      type: 'actions',
      block_id: 'top',
      elements: [
        button(registerButton, 'Register', 'register', 'primary'),
        button(newApplicationButton, 'New application', 'new'),
      ],
    },
    ...(unsure ? [{ ...context(unsureWho), block_id: 'unsure' }] : []),
    ...(waiting ? queueBlocks(waiting, now) : []),
    ...applicationBlocks(held),
    ...catalogBlocks(services),
  ],
});

const unsureWho =
  ':warning: Slack didn’t say who can decide some of the requests. Open this page again in a minute to see them.';
