import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { expect, test } from 'vitest';
import { readRows } from './index.ts';

/** How many bytes of memory `work` takes, given back or not. */
async function allocatedBy(work: () => Promise<void>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: 4096,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await work();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    return bytesOf(profile.head);
  } finally {
    session.disconnect();
  }
}

function bytesOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((bytes, child) => bytes + bytesOf(child), selfSize);
}

/** Reads a file of one row with so many custom fields. */
async function readWideRow(width: number): Promise<void> {
  const keys = Array.from({ length: width }, (_, i) => `field-${i}`);
  const file = Buffer.from(`username,${keys.join()}\nada,${keys.map((_, i) => i).join()}\n`);
  const pieces = (async function* () {
    yield file;
  })();
  const customFields = new Map(keys.map((key) => [key, 'NUMBER']));
  const known = { plain: new Set(['username']), readOnly: new Set<string>(), customFields, renamed: {} };
  const rows = [];
  for await (const piece of readRows('csv', pieces, { offset: 0, row: 0 }, known)) rows.push(...piece.rows);
  expect(rows).toMatchObject([{ number: 2, values: { username: 'ada', customData: { 'field-7': 7 } } }]);
  expect(Object.keys(rows[0]?.values['customData'] ?? {})).toHaveLength(width);
}

test('a row with many custom fields takes as much memory as there are fields, not the square of it', async () => {
  await readWideRow(10);
  const width = 1000;
  const bytes = await allocatedBy(() => readWideRow(width));
  // Some 3.5 kB a field, most of it the test's own; 400 kB when what was read before is copied at every field.
  expect(bytes / width).toBeLessThan(40_000);
});
