import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a test run with the plain line `N passed, N failed`, without colours, for whoever reads logs with a program.
 * A file that broke before its tests could run counts as one failure.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      let failedBelow = false;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1;
        if (state === 'failed') failedBelow = true;
      }
      if (!failedBelow && !testModule.ok()) count.failed += 1;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`);
  }
}
