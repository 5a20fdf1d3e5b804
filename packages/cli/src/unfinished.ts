import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Connection } from './connection.ts';

/** Where an interrupted command finds its import again. */
export interface Unfinished {
  /** The id of the import that an earlier run left. */
  find(): Promise<string | undefined>;
  keep(importId: string): Promise<void>;
  forget(): Promise<void>;
}

/** One note for each server, access key, file (as it is now) and way to import it; a changed file is another one. */
export async function unfinishedImport(connection: Connection, file: string, options: object): Promise<Unfinished> {
  const { size, mtimeMs } = await stat(file);
  const identity = [connection.host, connection.accessKeyId, resolve(file), size, mtimeMs, options];
  const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
  const folder = join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'genauth', 'imports');
  const path = join(folder, name);
  return {
    find: () => readFile(path, 'utf8').catch(() => undefined),
    async keep(importId) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(path, importId, { mode: 0o600 });
    },
    forget: () => rm(path, { force: true }),
  };
}
