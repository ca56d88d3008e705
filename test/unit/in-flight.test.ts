/** Bulk work yields to interactions, but not to one that itself waits for Slack or the database. */
import { expect, it } from 'vitest';
import { createInFlight } from '../../src/slack/middleware/in-flight.ts';

/** An act that goes on until it is answered, and what has happened, in order. */
function open() {
  const acts = createInFlight();
  const answer = Promise.withResolvers<void>();
  const happened: string[] = [];
  const act = acts.run(() => answer.promise).then(() => happened.push('answered'));
  return { acts, answer, happened, act };
}

it('bulk work waits for an interaction that has just begun', async () => {
  const { acts, answer, happened, act } = open();
  const message = acts.yieldToInteractive(60_000).then(() => happened.push('delivered'));
  answer.resolve();
  await Promise.all([act, message]);
  expect(happened).toEqual(['answered', 'delivered']);
});

it('bulk work does not wait for a slow interaction, nor longer than its limit', async () => {
  const { acts, answer, happened, act } = open();
  await acts.yieldToInteractive(1);
  await acts.yieldToInteractive(60_000);
  happened.push('delivered');
  answer.resolve();
  await act;
  expect(happened).toEqual(['delivered', 'answered']);
});

it('draining ends when no interaction is in flight, or at its limit', async () => {
  const { acts, answer, happened, act } = open();
  await acts.drain(1);
  happened.push('too late');
  const end = acts.drain(60_000).then(() => happened.push('ended'));
  answer.resolve();
  await Promise.all([act, end]);
  expect(happened).toEqual(['too late', 'answered', 'ended']);
});

it('an interaction that fails is over too, and rejects', async () => {
  const acts = createInFlight();
  await expect(acts.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await acts.yieldToInteractive(60_000);
  await acts.drain(60_000);
});
