const width = 24;
/** Of terminals that do not say how wide they are. */
const usualColumns = 80;

/** A line that shows how far something is: rewritten in place on a terminal, now and then a new one elsewhere. */
export interface Progress {
  show(label: string, done: number, total: number, details: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): boolean };

/** Shows progress on standard error, which leaves standard output to what the command makes. */
export function createProgress(stream: Terminal = process.stderr): Progress {
  let last = '';
  let writtenAt = 0;
  return {
    show(label, done, total, details) {
      const share = total === 0 ? 0 : Math.min(1, done / total);
      const filled = Math.round(share * width);
      const bar = `${'#'.repeat(filled)}${'.'.repeat(width - filled)}`;
      const line = `${label} [${bar}] ${String(Math.floor(share * 100)).padStart(3)}%  ${details}`;
      if (stream.isTTY) stream.write(`\r\x1b[2K${line.slice(0, Math.max(20, (stream.columns || usualColumns) - 1))}`);
      else if (Date.now() - writtenAt >= 5000) {
        stream.write(`${line}\n`);
        writtenAt = Date.now();
      }
      last = line;
    },
    end() {
      if (last !== '' && stream.isTTY) stream.write('\n');
      last = '';
    },
  };
}
