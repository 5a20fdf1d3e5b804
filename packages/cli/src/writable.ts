import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.ts';

/** Refuses a file that could not be written: its folder is not there or not ours, or it is a folder itself. */
export async function requireWritable(path: string): Promise<void> {
  const isWritable = await access(dirname(path), constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isWritable || isFolder) throw new UsageError(`${path} cannot be written.`);
}
