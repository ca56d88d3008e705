/** How `npm run audit -- --verify` tells what it found. */
import type { ChainViolation, VerifyResult } from '../../db/audit-log/hash-chain.ts';
import type { Subject } from '../../db/audit-log/subject.ts';

/** A line for people, and the head on one of its own, to be kept elsewhere. */
export function describeViolation(verdict: VerifyResult): string {
  if (!verdict.fits) return `${misfitIn(verdict.misfit)}\n`;
  const { seq, hash } = verdict.head;
  return `${seq === 1 ? 'The one event fits' : `All ${seq} events fit`}.\nhead ${seq}:${hash}\n`;
}

function misfitIn(misfit: ChainViolation): string {
  switch (misfit.kind) {
    case 'missing':
      return `Event ${misfit.seq} is missing: it was removed, and the events after it are there.`;
    case 'changed':
      return `Event ${misfit.seq} (${about(misfit)}) does not fit: it is not what was written there.`;
    case 'unchained':
      return `An event (${about(misfit)}) does not fit: it was put in without being recorded.`;
    case 'cut':
      return `Event ${misfit.seq + 1} is missing: the record went up to event ${misfit.upTo}, and its end was cut off.`;
    case 'rewritten':
      return `Event ${misfit.seq} does not fit: the record up to it was written anew, and is not the one that the head stands for.`;
    case 'disowned':
      return `${named(misfit.of)} does not fit: its last event left it in another state.`.replace(/^./, (first) =>
        first.toUpperCase(),
      );
  }
}

const named = ({ record, id }: Subject): string => `${record} ${id}`;

const about = ({ of, version }: { of: Subject; version: number }): string => `${named(of)}, version ${version}`;
