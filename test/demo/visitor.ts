/** A person at the page of the local workspace, in their own browser window. */
import type { Browser, Locator, Page } from 'playwright-core';
import type { Workspace } from '../local-slack/workspace.ts';

/** How long a visitor waits for the page, in milliseconds. */
const patience = 60_000;

type Size = { width: number; height: number; scale: number };

/** The windows that the page is tried in, in pixels. */
export const sizes = {
  wide: { width: 1400, height: 900, scale: 1 },
  narrow: { width: 390, height: 844, scale: 1 },
} as const satisfies Record<string, Size>;

const overflow = `[...document.querySelectorAll('main *, aside *, dialog[open] *')]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))`;

export class Visitor {
  readonly page: Page;
  /** Errors in the browser, and requests to other machines. */
  readonly problems: string[] = [];

  constructor(page: Page, home: string) {
    this.page = page;
    page.setDefaultTimeout(patience);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') this.problems.push(line.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(home)) this.problems.push(`asked ${request.url()}`);
    });
  }

  get modal(): Locator {
    return this.page.getByRole('dialog');
  }

  /** The message in front that has these words. */
  message(words: string | RegExp): Locator {
    return this.page.locator('.messages > [data-ts]').filter({ hasText: words }).last();
  }

  letter(subject: string): Locator {
    return this.page.getByRole('listitem').filter({ hasText: subject });
  }

  async types(text: string): Promise<void> {
    // Quicker than any hand: a window that is still closing would take the keys.
    await this.misses(this.modal);
    await this.page.getByRole('textbox', { name: /^Message/ }).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** In a narrow window, by way of the list of places. */
  async goes(place: string): Promise<void> {
    const back = this.page.getByRole('link', { name: /^Back to/ });
    if (await back.isVisible()) await back.click();
    await this.page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: place }).click();
  }

  /** Types into a picker and chooses what it offers. */
  async picks(label: string, typed: string, offered: string): Promise<void> {
    await this.modal.getByRole('combobox', { name: label }).fill(typed);
    await this.page.getByRole('option', { name: offered }).click();
  }

  async presses(name: string, within: Locator = this.modal): Promise<void> {
    await within.getByRole('button', { name, exact: true }).click();
  }

  async hasFocus(element: Locator): Promise<void> {
    await element.and(this.page.locator(':focus')).waitFor();
  }

  /** Waits until it is there to read. */
  async reads(where: Locator, words: RegExp): Promise<void> {
    await where.filter({ hasText: words }).waitFor();
  }

  /** Lists what reaches over the right edge of the window. */
  overflow(): Promise<string[]> {
    return this.page.evaluate(overflow);
  }

  async misses(gone: Locator): Promise<void> {
    await gone.waitFor({ state: 'hidden' });
  }
}

export async function visit(
  browser: Browser,
  workspace: Workspace,
  address: { as: string; in?: string },
  { width, height, scale }: Size = { width: 1280, height: 800, scale: 1 },
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale });
  const visitor = new Visitor(await context.newPage(), workspace.url);
  await visitor.page.goto(`${workspace.url}/?${new URLSearchParams(address)}`);
  return visitor;
}
