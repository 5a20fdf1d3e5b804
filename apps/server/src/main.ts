import { ConfigurationError, readConfiguration } from './platform/configuration.ts';
import { DataDirectoryInUse, DataDirectoryUnusable } from './platform/data-directory.ts';
import { EmbeddedPostgresError } from './platform/database/embedded.ts';
import { MigrationError } from './platform/database/migrate.ts';
import { openLog } from './platform/log.ts';
import { type Bootstrap, type RunningServer, startServer } from './start.ts';

/** Failures whose message tells the operator all there is to know; anything else shows its stack. */
const plainFailures = [
  ConfigurationError,
  DataDirectoryInUse,
  DataDirectoryUnusable,
  EmbeddedPostgresError,
  MigrationError,
];

const say = (text: string) => process.stdout.write(`${text}\n`);

function describe({ origin, userPoolId, userPoolSecret }: Bootstrap): string {
  return `
  User pool id       ${userPoolId}
  User pool secret   ${userPoolSecret}

Both are in bootstrap.json in the data directory and are not shown again. The documentation is at ${origin}/docs.
A first call, from this directory:

  node -e "
    const { ManagementClient } = require('authing-node-sdk');
    new ManagementClient({
      host: '${origin}',
      accessKeyId: '${userPoolId}',
      accessKeySecret: '${userPoolSecret}',
    }).listOrganizations({}).then((answer) => console.log(JSON.stringify(answer, null, 2)));
  "
`;
}

async function main(): Promise<void> {
  const configuration = readConfiguration(process.env);
  const log = openLog(configuration.logLevel);
  const server = await startServer(configuration, log, (message) => say(`${message} ...`));
  stopOnSignals(server);
  server.failed.then(async (reason) => {
    process.stderr.write(`GenAuth stops: ${reason}\n`);
    process.exitCode = 1;
    await server.stop();
  });
  say(`GenAuth is ready at ${server.origin}`);
  if (server.bootstrap !== undefined) say(describe(server.bootstrap));
}

function stopOnSignals(server: RunningServer): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal while requests drain means "now".
      if (isStopping) process.exit(1);
      isStopping = true;
      server.stop().then(
        () => process.exit(),
        (error: unknown) => {
          process.stderr.write(`GenAuth did not stop cleanly: ${error}\n`);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const isPlain = plainFailures.some((kind) => error instanceof kind);
  process.stderr.write(`${error instanceof Error ? (isPlain ? error.message : error.stack) : error}\n`);
  process.exit(1);
});
