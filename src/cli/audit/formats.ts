/** How `npm run audit` writes a record: its columns, as CSV or as JSON lines. */
import * as records from '../../db/audit-log/export.ts';

/** What a cell is written from. */
type Value = string | number | Date | null | string[] | object;

export type Format = {
  begin: string;
  /** So many rows at a time, written. */
  batches: AsyncIterable<string>;
};

/** The columns of each record, in this order for good: a new one goes to the end. */
const columns = {
  registrations: [
    'at',
    'registration',
    'version',
    'action',
    'actor',
    'from',
    'to',
    'service',
    'application',
    'requester',
    'reason',
  ],
  applications: ['at', 'application', 'version', 'action', 'actor', 'name', 'added', 'removed'],
  services: ['at', 'service', 'version', 'actor', 'before', 'after'],
} as const satisfies {
  registrations: (keyof records.RegistrationEvent)[];
  applications: (keyof records.ApplicationRow)[];
  services: (keyof records.ServiceRow)[];
};

/** What may be asked for. */
export const recordNames = ['registrations', 'applications', 'services'] as const;

/** Both formats of each record. */
export const formats = {
  registrations: (url, period) => both(columns.registrations, records.exportRegistrations(url, period)),
  applications: (url, period) => both(columns.applications, records.exportApplications(url, period)),
  services: (url, period) => both(columns.services, records.exportServices(url, period)),
} as const satisfies Record<
  (typeof recordNames)[number],
  (url: string, period: records.Period) => { csv: Format; jsonl: Format }
>;

function both<Column extends string>(
  named: readonly Column[],
  rows: AsyncIterable<Record<Column, Value>[]>,
): { csv: Format; jsonl: Format } {
  const each = (row: (event: Record<Column, Value>) => string) =>
    (async function* () {
      for await (const events of rows) yield events.map(row).join('');
    })();
  const jsonOf = (event: Record<Column, Value>) => Object.fromEntries(named.map((column) => [column, event[column]]));
  return {
    csv: { begin: csvRow(named), batches: each((event) => csvRow(named.map((column) => cell(event[column])))) },
    // Moments become ISO 8601, in UTC, by themselves.
    jsonl: { begin: '', batches: each((event) => `${JSON.stringify(jsonOf(event))}\n`) },
  };
}

/** Moments are ISO 8601, in UTC; several values are one cell, with spaces between them; fields with their values are JSON. */
function cell(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/** RFC 4180: a cell is quoted where it must be, quotes in it are doubled, and a line ends with CR LF. */
function csvRow(cells: readonly string[]): string {
  const quoted = cells.map((text) => {
    const safe = harmless(text);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${quoted.join(',')}\r\n`;
}

/**
 * A spreadsheet takes what begins with = + - @ or a tab for a formula, and would run what somebody wrote as a reason: such
 * a cell begins with an apostrophe instead (https://owasp.org/www-community/attacks/CSV_Injection). JSON lines have none.
 */
const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
