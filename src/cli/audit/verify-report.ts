/** Words the result of `npm run audit -- --verify`. */
import type { ChainViolation, VerifyResult } from '../../db/audit-log/hash-chain.ts';
import type { Subject } from '../../db/audit-log/subject.ts';

/** Renders a result: a sentence and, where all events fit, a line with the chain's head, to be kept elsewhere. */
export function formatVerifyResult(result: VerifyResult): string {
  if (!result.fits) return `${describeViolation(result.violation)}\n`;
  const { seq, hash } = result.head;
  const erased = result.erased > 0 ? `, ${result.erased} of them as they were erased` : '';
  return `${seq === 1 ? 'The one event fits' : `All ${seq} events fit${erased}`}.\nhead ${seq}:${hash}\n`;
}

function describeViolation(violation: ChainViolation): string {
  switch (violation.kind) {
    case 'missing':
      return `Event ${violation.seq} is missing: it was removed, and the events after it are there.`;
    case 'changed':
      return `Event ${violation.seq} (${about(violation)}) does not fit: it is not what was written there.`;
    case 'unchained':
      return `An event (${about(violation)}) does not fit: it was put in without being recorded.`;
    case 'cut':
      return `Event ${violation.seq + 1} is missing: the record went up to event ${violation.upTo}, and its end was cut off.`;
    case 'rewritten':
      return `Event ${violation.seq} does not fit: the record up to it was rewritten, and does not end in the head that was noted.`;
    case 'drift':
      return `${subjectName(violation.of)} does not fit: ${describeDrift(violation)}.`.replace(/^./, (first) =>
        first.toUpperCase(),
      );
  }
}

function describeDrift({ why, columns }: Extract<ChainViolation, { kind: 'drift' }>): string {
  switch (why) {
    case 'unrecorded':
      return 'the record has no beginning of it, so it was put in past the bot';
    case 'gone':
      return 'the record has events of it, and it is gone';
    case 'differs':
      return `its events left it in another state (${columns.join(', ')})`;
  }
}

const subjectName = ({ record, id }: Subject): string =>
  record === 'access' ? `the access of application ${id}` : `${record} ${id}`;

const about = ({ of, version }: { of: Subject; version: number }): string => `${subjectName(of)}, version ${version}`;
