/** A server as far as its data directory is concerned: says `held`, or the error, and holds it until it is killed. */
import { openDataDirectory } from '../platform/data-directory.ts';
import { openLog } from '../platform/log.ts';

try {
  const directory = await openDataDirectory(process.argv[2] ?? '', { log: openLog('silent') });
  console.log('held');
  setInterval(() => directory.path, 60_000);
} catch (error) {
  console.log(String(error));
}
