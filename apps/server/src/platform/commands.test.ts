import { type EventDeclaration, event } from '@genauth/contract';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testServer, testUserPool } from '../testing/server.ts';
import { type CommandStart, createCommandRunner } from './commands.ts';
import { type CommandContext, type Constraint, defineModule, type Reaction, reaction } from './module.ts';

const data = z.object({ id: z.string() });
const bookLent = event('book.lent', { webhook: 'book:lent', data });
const shelfChanged = event('shelf.changed', { data });
const readerNoted = event('reader.noted', { data });

const { database } = await testServer();

/** Lends books as a command, with these modules about, and answers what stands in the outbox afterwards. */
async function lend(
  ids: readonly string[],
  reactions: readonly Reaction[],
  constraints: readonly Constraint[] = [],
  work: (context: CommandContext) => Promise<void> = async ({ emit }) => emit(bookLent, ...ids.map((id) => ({ id }))),
) {
  const pool = await testUserPool();
  const consequences = reactions.map(({ to, emits }) => ({ of: [to], emits }));
  const shelves = defineModule('shelves', { consequences }, {}, { reactions, constraints });
  const run = createCommandRunner({ modules: [shelves], checkAnswers: true });
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
    .withUserPool(pool.id, 'write', (scope) => run(scope, start, work))
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

  test('comes before what it reacts to where it asks for that, and what it announces is reacted to as ever', async () => {
    const shelve = (when: 'before' | 'after') =>
      reaction({
        to: bookLent,
        when,
        emits: [shelfChanged],
        react: async (lent, { emit }) => emit(shelfChanged, { id: `${when} ${lent.map(({ id }) => id)}` }),
      });
    const note = reaction({
      to: shelfChanged,
      emits: [readerNoted],
      react: async (shelves, { emit }) => emit(readerNoted, ...shelves),
    });
    const reactions = [shelve('before'), shelve('after'), note];
    const foretold = async ({ emit, before }: CommandContext) => {
      const lent = [{ id: 'a' }, { id: 'b' }];
      await before(bookLent, ...lent);
      emit(bookLent, ...lent);
    };
    expect((await lend(['a', 'b'], reactions, [], foretold)).events).toEqual([
      'shelf.changed before a,b',
      'book.lent a',
      'book.lent b',
      'reader.noted before a,b',
      'shelf.changed after a,b',
      'reader.noted after a,b',
    ]);
    // Nothing comes before what does not happen.
    const nothing = ({ before }: CommandContext) => before(bookLent);
    expect((await lend([], reactions, [], nothing)).events).toEqual([]);
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

describe('a constraint', () => {
  const toShelf = reaction({
    to: bookLent,
    emits: [shelfChanged],
    react: async (lent, { emit }) => emit(shelfChanged, ...lent),
  });

  test('sees everything that was announced, once, after all reactions, and only if it may be broken', async () => {
    const seen: unknown[] = [];
    const looksAt = (...events: EventDeclaration[]): Constraint => ({
      declaration: { events, errors: [] },
      verify: async (announced) => {
        seen.push([...announced(bookLent), ...announced(shelfChanged)].map(({ id }) => id));
      },
    });
    await lend(['a', 'b'], [toShelf], [looksAt(shelfChanged, bookLent), looksAt(readerNoted)]);
    expect(seen).toEqual([['a', 'b', 'a', 'b']]);
  });

  test('that refuses undoes the command', async () => {
    const full: Constraint = {
      declaration: { events: [shelfChanged], errors: [] },
      verify: () => Promise.reject(new Error('the shelf is full')),
    };
    const { failure, events, audits } = await lend(['a'], [toShelf], [full]);
    expect(failure).toContain('the shelf is full');
    expect({ events, audits }).toEqual({ events: [], audits: 0 });
  });

  test('and a reaction belong to an attempt, which fails without the rest', async () => {
    const verified: string[] = [];
    const noB: Constraint = {
      declaration: { events: [shelfChanged], errors: [] },
      verify: async (announced) => {
        const ids = announced(shelfChanged).map(({ id }) => id);
        verified.push(ids.join());
        if (ids.includes('b')) throw new Error('not b');
      },
    };
    const after: string[] = [];
    const work = async (context: CommandContext) => {
      for (const id of ['a', 'b', 'c']) {
        const attempt = context.attempt(async (inner) => {
          inner.emit(bookLent, { id });
          inner.afterCommit(() => after.push(id));
          return id;
        });
        if (id === 'b') await expect(attempt).rejects.toThrow('not b');
        else expect(await attempt).toBe(id);
      }
      context.emit(bookLent, { id: 'd' });
    };
    const { failure, events, audits } = await lend([], [toShelf], [noB], work);
    expect({ failure, audits }).toEqual({ failure: undefined, audits: 1 });
    expect(events).toEqual(['a', 'c', 'd'].flatMap((id) => [`book.lent ${id}`, `shelf.changed ${id}`]));
    expect(verified).toEqual(['a', 'b', 'c', 'd']);
    expect(after).toEqual([]);
  });
});

test('what a module announces in reaction is what its contract says, no more and no less', () => {
  const reactions = [reaction({ to: bookLent, emits: [shelfChanged], react: async () => {} })];
  const define = (emits: readonly EventDeclaration[]) => () =>
    defineModule('shelves', { consequences: [{ of: [bookLent], emits }] }, {}, { reactions });
  define([shelfChanged])();
  expect(define([])).toThrow('shelves: shelf.changed after book.lent is not among the consequences of its contract');
  expect(define([shelfChanged, readerNoted])).toThrow('reader.noted after book.lent is declared, but no reaction');
});
