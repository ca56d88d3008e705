/** The names of the owners whom a refusal is about: errors under fields are plain text, in which ids mean nothing. */
import type { Deps } from '../../deps.ts';
import { msPer } from '../../domain/duration.ts';

/** Replaces the ids of the owners by their names. One that Slack does not know, or does not answer about, is left out. */
export async function withOwnerNames<Refused extends { kind: string }>(
  refused: Refused,
  { directory }: Pick<Deps, 'directory'>,
): Promise<Refused> {
  if (!('owners' in refused) || !Array.isArray(refused.owners)) return refused;
  const lookups = refused.owners.map((id: string) => directory.member(id, msPer.hour).catch(() => undefined));
  const names = (await Promise.all(lookups)).flatMap((member) => (member ? [member.name] : []));
  return { ...refused, owners: names };
}
