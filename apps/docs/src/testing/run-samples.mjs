// Runs JavaScript samples one after another: `node run-samples.mjs FILE…`. Prints a JSON line for each: what it logged.
import { pathToFileURL } from 'node:url';

const report = console.log;
for (const file of process.argv.slice(2)) {
  const logged = [];
  console.log = (...values) => logged.push(...values);
  let failure;
  try {
    await import(pathToFileURL(file).href);
    // A CommonJS program has no end that could be awaited: its answers come a moment later.
    if (file.endsWith('.cjs')) await new Promise((resolve) => setTimeout(resolve, 1500));
  } catch (error) {
    failure = String(error?.stack ?? error);
  }
  report(JSON.stringify({ file, statusCode: logged.at(-1)?.statusCode, text: logged.map(String).join('\n'), failure }));
}
