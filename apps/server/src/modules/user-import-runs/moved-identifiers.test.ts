/** Rows count as if they came one after the other, whatever they move, and a dry run tells what they would come to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

let state = 20261127;
function below(end: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}

async function importLines(pool: TestUserPool, lines: readonly unknown[], options: object) {
  const { importId } = await pool.do('createUserImport', { format: 'ndjson', options });
  const content = Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')).toString('base64');
  await pool.do('uploadUserImportChunk', { importId, index: 0, content });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  for (;;) {
    const { state: reached, created, updated, skipped, failed } = await pool.do('getUserImport', { importId });
    if (['done', 'failed', 'canceled'].includes(reached)) {
      const { content: report } = await pool.do('getUserImportReport', { importId, limit: 5000 });
      return { reached, created, updated, skipped, failed, report: report.trim().split('\r\n').slice(1) };
    }
    await sleep(20);
  }
}

const fields = ['username', 'email', 'phone', 'externalId'] as const;
type Field = (typeof fields)[number];
type Person = { readonly [F in Field]?: string | null };

/** So few of each that rows meet, and take from each other what they have. */
const values: Readonly<Record<Field, (number: number) => string>> = {
  username: (number) => `name-${number}`,
  email: (number) => `${number}@example.com`,
  phone: (number) => `188000000${10 + number}`,
  externalId: (number) => `id-${number}`,
};

function anyPerson(names: number): Person {
  const person: Record<string, string | null> = {};
  for (const field of fields) {
    const share = below(100);
    if (share < 45) person[field] = values[field](below(names));
    else if (share < 52) person[field] = null;
  }
  return person;
}

type Outcome = 'created' | 'updated' | 'skipped' | Field | 'identifierMissing';

/** What a row comes to, with everybody there is. */
function importRow(people: Map<number, Person>, row: Person, onExisting: string): Outcome {
  const held = fields.flatMap((field) => {
    const value = row[field];
    if (!value) return [];
    const holder = [...people].find(([, person]) => person[field] === value);
    return holder === undefined ? [] : [{ field, holder: holder[0] }];
  });
  const [first] = held;
  const stranger = held.find(({ holder }) => holder !== first?.holder);
  if (stranger !== undefined) return stranger.field;
  if (first !== undefined && onExisting === 'skip') return 'skipped';
  const person = { ...people.get(first?.holder ?? -1), ...row };
  if (!person.username && !person.email && !person.phone) return 'identifierMissing';
  people.set(first?.holder ?? people.size, person);
  return first === undefined ? 'created' : 'updated';
}

/** Rows that are none, so many that they and a few others make a step. */
const filling = Array.from({ length: 985 }, () => 1);

test.each([
  ['update', 6],
  ['update', 12],
  ['update', 40],
  ['skip', 12],
] as const)('with on-existing %s, %i values of each identifier', { timeout: 120_000 }, async (onExisting, names) => {
  const pool = await testUserPool();
  const people = new Map<number, Person>();
  const seeds = Array.from({ length: names }, (_, index) => ({
    username: `name-${index}`,
    email: `${index}@example.com`,
  }));
  for (const [index, seed] of seeds.entries()) people.set(index, seed);
  await pool.do('createUsersBatch', { list: seeds });

  const lines: unknown[] = [];
  const outcomes: Outcome[] = [];
  const refused: string[] = [];
  for (let step = 0; step < 5; step++) {
    lines.push(...filling);
    for (let index = 0; index < 1000 - filling.length; index++) {
      const row = anyPerson(names);
      lines.push(row);
      const outcome = importRow(people, row, onExisting);
      outcomes.push(outcome);
      if (outcome === 'identifierMissing') refused.push(`${lines.length}`);
      else if (fields.some((field) => field === outcome)) refused.push(`${lines.length} ${outcome}`);
    }
  }
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const expected = {
    reached: 'done',
    created: count('created'),
    updated: count('updated'),
    skipped: count('skipped'),
    refused,
  };
  const told = async (options: object) => {
    const { report, failed, ...others } = await importLines(pool, lines, { onExisting, ...options });
    const ofRows = report.filter((line: string) => !line.includes('not a JSON object'));
    expect(failed).toBe(report.length);
    const named = ofRows.map((line: string) => line.replace(/^(\d+),(\w*),.*$/, '$1 $2').trim());
    return { ...others, refused: named };
  };
  const before = [await pool.rows('users'), await pool.events()];
  expect(await told({ dryRun: true })).toEqual(expected);
  expect([await pool.rows('users'), await pool.events()]).toEqual(before);
  expect(await pool.rows('user_import_identifiers')).toEqual([]);
  expect(await told({})).toEqual(expected);

  const stored = await pool.rows<{ username: string; email: string; phone: string; external_id: string }>('users');
  const tell = (person: Person) => fields.map((field) => person[field] ?? '-').join(' ');
  expect(stored.map(({ external_id: externalId, ...user }) => tell({ ...user, externalId })).sort()).toEqual(
    [...people.values()].map(tell).sort(),
  );
});
