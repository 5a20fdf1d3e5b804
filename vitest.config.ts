import { defineConfig } from 'vitest/config';
import { ClosingLine } from './scripts/closing-line.ts';

export default defineConfig({
  test: {
    include: ['{apps,packages,scripts,bench,sdks}/**/*.test.ts'],
    // One PostgreSQL for the whole run; tests keep apart by user pools, so files may share a thread and its modules.
    globalSetup: ['apps/server/src/testing/global-setup.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    // A test takes milliseconds; these are for the ones that start servers or clients of other languages.
    testTimeout: 15_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
    reporters: ['default', new ClosingLine()],
  },
});
