import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Log } from '../log.ts';

/** What PostgreSQL says on its standard error. */
export interface PostgresOutput {
  /** From here on what it says is worth a line; before, it is the usual talk of a start. */
  ready(): void;
  /** From here on it is being stopped and says so. */
  quiet(): void;
  /** The last lines, for a look at why it ended. */
  recent(): string;
  /** The last thing that made it give up, with detail and hint; empty when it has not complained. */
  lastComplaint(): string;
}

const keptLines = 40;

/** Passes PostgreSQL's messages on to our log. Expects `log_line_prefix = '%e '` and English messages. */
export function readPostgresOutput(stream: Readable, log: Log): PostgresOutput {
  const recent: string[] = [];
  let complaint: string[] = [];
  let severity = 'LOG';
  let routine = true;

  createInterface({ input: stream }).on('line', (line) => {
    recent.push(line);
    if (recent.length > keptLines) recent.shift();

    const [, code, label = severity, text = line.trim()] = /^([0-9A-Z]{5}) ([A-Z]+): {2}(.*)$/.exec(line) ?? [];
    const isContinuation = code === undefined ? line.startsWith('\t') : /^(DETAIL|HINT|CONTEXT)$/.test(label);
    if (!isContinuation) severity = code === undefined ? 'RAW' : label;
    // What follows a complaint explains it; what comes without a prefix is the dynamic linker or the C library.
    if (isContinuation && complaint.length > 0 && isGrave(severity)) complaint.push(text);
    else if (!isContinuation && isGrave(severity)) complaint = [text];

    log[levelOf(severity, routine)]({ source: 'postgres', ...(code !== undefined && { code }) }, text);
  });

  return {
    ready() {
      routine = false;
      complaint = [];
    },
    quiet() {
      routine = true;
    },
    recent: () => recent.join('\n'),
    lastComplaint: () => complaint.join(' '),
  };
}

function isGrave(severity: string): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || severity === 'RAW';
}

/** FATAL ends one connection, PANIC all of them. */
function levelOf(severity: string, routine: boolean): 'debug' | 'info' | 'warn' | 'error' {
  if (severity === 'PANIC') return 'error';
  if (routine) return 'debug';
  return severity === 'LOG' ? 'info' : 'warn';
}
