/** A Chromium of this machine, for what is looked at: the browser test and the README's picture. None is downloaded. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const howToInstall = 'Set CHROMIUM to one, or install it (on Debian: apt-get install chromium).';

export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  return (named ? [named] : usual).find((path) => existsSync(path));
}

/** Asks nothing of other machines, and runs as root in a container too. */
export function openChromium(executablePath: string): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ];
  return chromium.launch({ executablePath, args, headless: true });
}
