/** What owners do with their applications in Home. */
import { expect } from 'vitest';
import type { Person } from '../local-slack/people.ts';

const atHome = { in: 'home' } as const;

/** Opens a form of an application's menu in Home. */
export async function opens(owner: Person, entry: string, application: RegExp, form: RegExp): Promise<void> {
  await owner.finds(application, atHome);
  await owner.clicks(entry, { ...atHome, on: application });
  await owner.finds(form, { in: 'modal' });
}

/** Makes others co-owners. */
export async function shares(owner: Person, application: RegExp, ...others: Person[]): Promise<void> {
  await owner.opensHome();
  await opens(owner, 'Co-owners', application, /== Co-owners/);
  for (const other of others) await owner.picks('Co-owners', other.name);
  expect(await owner.submits()).toEqual({ closed: true });
}

/** Hands an application over to another person. */
export async function handsOver(owner: Person, application: RegExp, to: Person): Promise<void> {
  await owner.opensHome();
  await opens(owner, 'Hand over', application, /== Hand over/);
  await owner.picks('New owner', to.name);
  expect(await owner.submits()).toEqual({ closed: true });
}
