/** Formats the records of `npm run audit`, as CSV or as JSON lines. */
import * as records from '../../db/audit-log/export.ts';

/** The value of a cell. */
type Value = string | number | Date | null | string[] | object;

export type Format = {
  begin: string;
  /** Formatted rows, a batch at a time. */
  batches: AsyncIterable<string>;
};

/** The columns of each record. Their order is a promise to readers of the CSV: a new column goes to the end. */
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
  access: ['at', 'application', 'version', 'action', 'actor', 'gateway', 'subject'],
  erasures: ['at', 'erasure', 'actor', 'mark', 'events'],
} as const satisfies {
  registrations: (keyof records.RegistrationRow)[];
  applications: (keyof records.ApplicationRow)[];
  services: (keyof records.ServiceRow)[];
  access: (keyof records.AccessRow)[];
  erasures: (keyof records.ErasureRow)[];
};

/** The values of `--record`. */
export const recordNames = ['registrations', 'applications', 'services', 'access', 'erasures'] as const;

/** Opens a record in both formats. */
export const formats = {
  registrations: (url, period) => both(columns.registrations, records.exportRegistrations(url, period)),
  applications: (url, period) => both(columns.applications, records.exportApplications(url, period)),
  services: (url, period) => both(columns.services, records.exportServices(url, period)),
  access: (url, period) => both(columns.access, records.exportAccess(url, period)),
  erasures: (url, period) => both(columns.erasures, records.exportErasures(url, period)),
} as const satisfies Record<
  (typeof recordNames)[number],
  (url: string, period: records.Period) => { csv: Format; jsonl: Format }
>;

function both<Column extends string>(
  columnNames: readonly Column[],
  rows: AsyncIterable<Record<Column, Value>[]>,
): { csv: Format; jsonl: Format } {
  const each = (row: (event: Record<Column, Value>) => string) =>
    (async function* () {
      for await (const events of rows) yield events.map(row).join('');
    })();
  const jsonOf = (event: Record<Column, Value>) =>
    Object.fromEntries(columnNames.map((column) => [column, event[column]]));
  return {
    csv: {
      begin: csvRow(columnNames),
      batches: each((event) => csvRow(columnNames.map((column) => cell(event[column])))),
    },
    // JSON.stringify writes timestamps as ISO 8601, in UTC.
    jsonl: { begin: '', batches: each((event) => `${JSON.stringify(jsonOf(event))}\n`) },
  };
}

/** Formats a value: timestamps as ISO 8601 in UTC, lists with spaces between their items, objects as JSON. */
function cell(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/** Formats a row by RFC 4180: a cell is quoted where needed, quotes in it are doubled, and a line ends with CR LF. */
function csvRow(cells: readonly string[]): string {
  const quoted = cells.map((text) => {
    const safe = escapeFormula(text);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${quoted.join(',')}\r\n`;
}

/**
 * Prefixes an apostrophe to a cell that a spreadsheet would run as a formula, because it begins with = + - @, their full-width forms,
 * or a tab (https://owasp.org/www-community/attacks/CSV_Injection). Where a list separator is a semicolon, as in many locales, our
 * quotes are within a cell, and what follows a semicolon, a line break or a quote after one begins a cell too. JSON lines need none.
 */
const escapeFormula = (text: string): string =>
  text.replace(/^[=+\-@＝＋－＠\t\r\n]|(?<=[;\r\n][\s"]*)[=+\-@＝＋－＠]/gu, "'$&");
