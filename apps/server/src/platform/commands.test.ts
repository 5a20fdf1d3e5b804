import { event } from '@genauth/contract';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testServer, testUserPool } from '../testing/server.ts';
import { type CommandStart, createCommandRunner } from './commands.ts';
import { defineModule, type Reaction, reaction } from './module.ts';

const data = z.object({ id: z.string() });
const bookLent = event('book.lent', { webhook: 'book:lent', data });
const shelfChanged = event('shelf.changed', { data });
const readerNoted = event('reader.noted', { data });

const { database } = await testServer();

/** Lends books as a command, with these modules about, and answers what stands in the outbox afterwards. */
async function lend(ids: readonly string[], reactions: readonly Reaction[]) {
  const pool = await testUserPool();
  const run = createCommandRunner({ modules: [defineModule('shelves', {}, {}, { reactions })], checkAnswers: true });
  const start: CommandStart = {
    name: 'lendBooks',
    command: { audit: { operationType: 'update', resourceType: 'book' }, emits: [bookLent] },
    actor: { userPoolId: pool.id, accessKeyId: pool.id, rateLimitPerSecond: 1000 },
    context: { requestId: crypto.randomUUID(), language: 'en-US', now: Date.now() },
    clientIp: undefined,
    userAgent: undefined,
    parameters: { ids },
    target: undefined,
  };
  const failure = await database
    .withUserPool(pool.id, 'write', (scope) =>
      run(scope, start, async ({ emit }) => emit(bookLent, ...ids.map((id) => ({ id })))),
    )
    .then(() => undefined, String);
  const [events, audits] = await Promise.all([pool.events(), pool.audits()]);
  return { failure, events: events.map(({ name, data: { id } }) => `${name} ${id}`), audits: audits.length };
}

describe('a reaction', () => {
  test('is run once with all announcements, in the same transaction, and may announce more', async () => {
    const seen: unknown[] = [];
    const { events, audits } = await lend(
      ['a', 'b'],
      [
        reaction({
          to: bookLent,
          emits: [shelfChanged],
          react: async (lent, { emit }) => {
            seen.push(lent.map(({ id }) => id));
            emit(shelfChanged, { id: 'novels' });
          },
        }),
        reaction({
          to: shelfChanged,
          emits: [readerNoted],
          react: async (shelves, { emit }) => emit(readerNoted, ...shelves),
        }),
      ],
    );
    expect(seen).toEqual([['a', 'b']]);
    expect(events).toEqual(['book.lent a', 'book.lent b', 'shelf.changed novels', 'reader.noted novels']);
    expect(audits).toBe(1);
  });

  test('that fails undoes the command', async () => {
    const { failure, events, audits } = await lend(
      ['a'],
      [reaction({ to: bookLent, emits: [], react: () => Promise.reject(new Error('the shelf is full')) })],
    );
    expect(failure).toContain('the shelf is full');
    expect({ events, audits }).toEqual({ events: [], audits: 0 });
  });

  test('that announces what it did not declare, or never ends, is found', async () => {
    const undeclared = reaction({
      to: bookLent,
      emits: [],
      react: async (_lent, { emit }) => emit(shelfChanged, { id: 'a' }),
    });
    expect((await lend(['a'], [undeclared])).failure).toContain('shelf.changed is announced but not declared');
    const endless = reaction({
      to: bookLent,
      emits: [bookLent],
      react: async (_lent, { emit }) => emit(bookLent, { id: 'a' }),
    });
    expect((await lend(['a'], [endless])).failure).toContain('reactions to book.lent do not end');
  });
});
