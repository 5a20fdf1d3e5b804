/** Told how far a stage has come. */
export type Progress = (stage: string, done: number, total: number) => void;

const width = 30;

/** A bar on standard error, redrawn in place; on anything but a terminal one line for each stage that ends. */
export function createProgressBar(output: NodeJS.WriteStream = process.stderr): Progress {
  const started = new Map<string, number>();
  let drawnAt = 0;
  return (stage, done, total) => {
    const now = performance.now();
    const start = started.get(stage) ?? now;
    started.set(stage, start);
    const ended = done >= total;
    if (!ended && (!output.isTTY || now - drawnAt < 100)) return;
    drawnAt = now;
    const filled = Math.round((width * done) / Math.max(1, total));
    const bar = `${'#'.repeat(filled)}${'.'.repeat(width - filled)}`;
    const line = `${stage.padEnd(12)} [${bar}] ${done}/${total} ${((now - start) / 1000).toFixed(1)} s`;
    output.write(output.isTTY ? `\r${line}${ended ? '\n' : ''}` : `${line}\n`);
  };
}
