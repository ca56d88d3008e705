/** The people of the usual scenario, and the steps that most stories share. */
import type { Person } from '../local-slack/people.ts';
import type { Workspace } from '../local-slack/workspace.ts';

/** Dana and Sam are developers; Alex and Priya are in the admin channel; Lee is not. */
export function people({ workspace }: { workspace: Workspace }) {
  return {
    dana: workspace.person('dana'),
    sam: workspace.person('sam'),
    alex: workspace.person('alex'),
    priya: workspace.person('priya'),
    lee: workspace.person('lee'),
  };
}

/** Picks an option, and types again where Registrar asks for that: a machine that is busy is not what a story is about. */
export async function picks(person: Person, label: string, text: string): Promise<void> {
  for (let left = 10; ; left -= 1) {
    try {
      return await person.picks(label, text);
    } catch (error) {
      if (left === 0 || !(error instanceof Error) || !error.message.includes('Type again in a moment')) throw error;
    }
  }
}

/** Fills the form "Register an application" and submits it. */
export async function asks(person: Person, services: string[], application: string, reason = 'Checkout for the shop') {
  await person.types('/register');
  for (const service of services) await picks(person, 'Services', service);
  await picks(person, 'Application', application);
  await person.fills('Reason', reason);
  return person.submits();
}

/** Requests a registration, and waits until an approver sees its card. */
export async function requests(person: Person, approver: Person, service = 'Payments API', application = 'Shop') {
  await asks(person, [service], application);
  await person.closes();
  await approver.finds(new RegExp(service), { in: 'api-requests' });
}

/** What a person is told by direct message, but for the receipts of their requests. */
export const toldBesideReceipts = ({ told }: Person): string[] => told.filter((text) => !/^:memo: You sent/.test(text));
