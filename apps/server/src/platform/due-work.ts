import { randomUUID } from 'node:crypto';
import type { CommandRunner, CommandStart } from './commands.ts';
import type { AcrossUserPools, Database, Scope } from './database/database.ts';
import type { CommandContext } from './module.ts';

/** What is needed to do what nobody asks for. */
export interface Clockwork {
  readonly database: Database;
  readonly runCommand: CommandRunner;
  readonly now: () => number;
}

/** Work that the clock asks for, of one kind. Times are given in ISO 8601. */
export interface DueWork<Due> extends Pick<CommandStart, 'name' | 'command'> {
  /** The user pools with something due. */
  readonly listUserPools: (across: AcrossUserPools, at: string) => Promise<readonly string[]>;
  /** Takes what is due so that no other server does; nothing, when one was faster. */
  readonly take: (scope: Scope, at: string) => Promise<readonly Due[]>;
  readonly carryOut: (due: readonly Due[], context: CommandContext) => Promise<void>;
}

/**
 * Does what is due, in each user pool as one command: with reactions, audit row and events. The actor of its audit row is the
 * user pool itself. However many servers do it at once, it is done once.
 */
export async function doDueWork<Due>(
  { database, runCommand, now }: Clockwork,
  { name, command, listUserPools, take, carryOut }: DueWork<Due>,
): Promise<void> {
  const time = now();
  const at = new Date(time).toISOString();
  for (const userPoolId of await database.acrossUserPools((across) => listUserPools(across, at))) {
    const end = await database.withUserPool(userPoolId, 'write', async (scope) => {
      const due = await take(scope, at);
      if (due.length === 0) return undefined;
      const start: CommandStart = {
        name,
        command,
        actor: { userPoolId, accessKeyId: userPoolId, rateLimitPerSecond: Number.POSITIVE_INFINITY },
        context: { requestId: randomUUID(), language: 'en-US', now: time },
        clientIp: undefined,
        userAgent: undefined,
        parameters: {},
        target: undefined,
      };
      return runCommand(scope, start, (context) => carryOut(due, context));
    });
    for (const after of end?.committed ?? []) after();
  }
}
