/** Names and texts from people: tidied, cut, never broken. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applicationNameLimit, normalizeName } from '../../src/domain/application.ts';
import { escapedLength, toStorable, truncate, truncateEscaped } from '../../src/domain/text.ts';

const anything = fc.string({ unit: 'binary', maxLength: 200 });

describe("an application's name", () => {
  it.each([
    ['  Web   Shop \n', 'Web Shop'],
    ['Cafe\u0301', 'Café'],
    ['Sh\u200bop', 'Shop'],
    ['\u202epohS', 'pohS'],
    ['a\u0000b', 'a b'],
    ['   ', ''],
    ['x'.repeat(80), 'x'.repeat(60)],
    ['&'.repeat(80), '&'.repeat(12)],
  ])('%j is kept as %j', (typed, kept) => expect(normalizeName(typed)).toBe(kept));

  it('fits its option, is one line and stays the same when normalized again, whatever is typed', () => {
    fc.assert(
      fc.property(anything, (typed) => {
        const name = normalizeName(typed);
        expect(escapedLength(`Create "${name}"`)).toBeLessThanOrEqual(75);
        expect(escapedLength(name)).toBeLessThanOrEqual(applicationNameLimit);
        expect(name).not.toMatch(/[\n\r]|^\s|\s$/);
        expect(normalizeName(name)).toBe(name);
      }),
    );
  });
});

describe('a text that is truncated as Slack measures it', () => {
  it('fits when it is escaped, and begins as it did', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '<', 'a', '👩') }),
        fc.integer({ min: 2, max: 75 }),
        (text, limit) => {
          const shown = truncateEscaped(text, limit);
          expect(escapedLength(shown)).toBeLessThanOrEqual(limit);
          if (shown !== text) expect(text.startsWith(shown.slice(0, -1))).toBe(true);
        },
      ),
    );
  });
});

describe('a truncated text', () => {
  it('fits, begins as it did, and never ends in half a character', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 2, max: 150 }), (text, limit) => {
        const shown = truncate(text, limit);
        expect(shown.length).toBeLessThanOrEqual(limit);
        if (text.length <= limit) expect(shown).toBe(text);
        else expect(text.startsWith(shown.slice(0, -1))).toBe(true);
        if (text.isWellFormed()) expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});

it('stored text has no NUL and no lone surrogate', () => {
  expect(toStorable('a\0b\ud83d')).toBe('ab\ufffd');
});
