/** The steps from what is at a gateway to what should be there. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ActualAccess, isGroup, planAccess, type WantedAccess } from '../../src/domain/access.ts';

const nothing: ActualAccess = { consumer: 'missing', groups: [] };
const having = (...groups: string[]): ActualAccess => ({
  consumer: 'complete',
  groups: groups.map((group) => ({ group, ours: true })),
});
const wanting = (...groups: string[]): WantedAccess => ({ groups, governed: ['a', 'b', 'c'] });

it.each<[string, WantedAccess | null, ActualAccess, string[]]>([
  ['the consumer comes first, then its groups', wanting('a', 'b'), nothing, ['consumer', 'grant a', 'grant b']],
  ['what is so already takes no step', wanting('a'), having('a'), []],
  ['what is missing comes before what is too many', wanting('a'), having('b'), ['grant a', 'remove b']],
  ['two services in one group are one group', wanting('a', 'a'), having(), ['grant a']],
  ['nothing is made for an application without access', wanting(), nothing, []],
  ['a consumer stays when its last group goes', wanting(), having('a'), ['remove a']],
  ['an incomplete consumer is written again', wanting('a'), { ...having('a'), consumer: 'incomplete' }, ['consumer']],
  [
    'a group made by hand is adopted where it is wanted',
    wanting('a'),
    { consumer: 'complete', groups: [{ group: 'a', ours: false }] },
    ['adopt a'],
  ],
  [
    'and removed where it is not, if a service names it',
    wanting(),
    {
      consumer: 'complete',
      groups: [
        { group: 'a', ours: false },
        { group: 'partners', ours: false },
      ],
    },
    ['remove a'],
  ],
  ['a group under our tag that no service names any longer goes', wanting(), having('old'), ['remove old']],
  ['with the application its consumer goes', null, having('a', 'b'), ['remove-consumer']],
  ['which may be gone already', null, nothing, []],
])('%s', (_, wanted, actual, steps) => {
  const planned = planAccess(wanted, actual);
  expect(planned.map((step) => ('group' in step ? `${step.kind} ${step.group}` : step.kind))).toEqual(steps);
});

it('whatever is there, the steps lead to what is wanted, touch nothing of others, and are taken once', () => {
  const group = fc.constantFrom('a', 'b', 'c', 'old', 'partners', 'gold');
  const actual = fc.record({
    consumer: fc.constantFrom('incomplete' as const, 'complete' as const),
    groups: fc.uniqueArray(fc.record({ group, ours: fc.boolean() }), { selector: (one) => one.group }),
  });
  const wanted = fc.array(fc.constantFrom('a', 'b', 'c')).map((groups) => wanting(...groups));
  fc.assert(
    fc.property(wanted, actual, (want, is) => {
      const after = new Map<string, boolean>(is.groups.map((one) => [one.group, one.ours]));
      for (const step of planAccess(want, is)) {
        if (step.kind === 'grant' || step.kind === 'adopt') after.set(step.group, true);
        if (step.kind === 'remove') after.delete(step.group);
      }
      const others = is.groups.filter((one) => !one.ours && !want.governed.includes(one.group)).map((one) => one.group);
      expect([...after.keys()].sort()).toEqual([...new Set([...want.groups, ...others])].sort());
      const groups = [...after].map(([name, ours]) => ({ group: name, ours }));
      expect(planAccess(want, { consumer: 'complete', groups })).toEqual([]);
    }),
  );
});

it.each(['', 'a b', 'a,b', 'a/b', '-a', '1ca2f4f0-0000-4000-8000-000000000000', 'a'.repeat(101)])(
  '%j is no group',
  (text) => expect(isGroup(text)).toBe(false),
);
