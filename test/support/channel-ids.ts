/** Whether what named the old id of a channel follows to the new one. */
import { expect } from 'vitest';
import { channel, seed } from '../local-slack/seed.ts';
import { delivered } from './outbox.ts';
import type { Scenario } from './scenario.ts';

/** A workspace with a second, private channel. */
export const company = () =>
  seed({ channels: [channel('C0MAPS', 'maps', ['U0LEE', 'U0ALEX', 'U0REGISTRAR'], { kind: 'private' })] });

/** Lists the tables that still name an id, besides the record of what was. */
async function naming({ database: { sql } }: Scenario, id: string): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'
    and table_name not in ('channel_ids', 'service_changes', 'troubles')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql`select count(*)::int as count from ${sql(name)} t where t::text ~ ${`\\m${id}\\M`}`;
    if (row?.count > 0) found.push(name);
  }
  return found;
}

/** Waits until nothing in the database names an id any longer, and all that follows is delivered. */
export async function followed(scenario: Scenario, id: string): Promise<void> {
  await expect.poll(() => naming(scenario, id), { timeout: 60_000 }).toEqual([]);
  await delivered(scenario);
}
