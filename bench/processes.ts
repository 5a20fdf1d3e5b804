import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux we know. */
const ticksPerSecond = 100;

interface ProcessTimes {
  readonly parent: number;
  /** CPU seconds of the process, and of children it has waited for. */
  readonly own: number;
  readonly reaped: number;
}

function timesOf(task: number | string): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${task}/stat`, 'utf8');
    // The name in parentheses may hold blanks; what follows it does not.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map(
      (at) => fields[at] ?? 0,
    );
    return { parent, own: (user + system) / ticksPerSecond, reaped: (childUser + childSystem) / ticksPerSecond };
  } catch {
    return undefined;
  }
}

/** CPU seconds used so far by a process and everything below it. */
export function cpuSecondsOfTree(root: number): number {
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const times = Number.isInteger(pid) ? timesOf(pid) : undefined;
    if (times !== undefined) all.set(pid, times);
  }
  const isBelow = (pid: number): boolean => {
    for (let next = pid; next > 1; next = all.get(next)?.parent ?? 0) if (next === root) return true;
    return false;
  };
  let seconds = 0;
  for (const [pid, { own, reaped }] of all) if (isBelow(pid)) seconds += own + reaped;
  return seconds;
}

/** CPU seconds of one process alone. */
export function cpuSecondsOf(pid: number): number {
  return timesOf(pid)?.own ?? 0;
}

/** CPU seconds of those threads of a process that carry a name. */
export function cpuSecondsOfThreads(pid: number, name: string): number {
  let seconds = 0;
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const task = `${pid}/task/${id}`;
    if (readFileSync(`/proc/${task}/comm`, 'utf8').trim() === name) seconds += timesOf(task)?.own ?? 0;
  }
  return seconds;
}

/** Resident memory of a process in bytes: now, and at its peak since the last reset. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
  return { now: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
}
