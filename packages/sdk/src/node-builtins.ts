interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/**
 * A module of Node.js, where the client runs on it (20.16 and newer). It is not imported: a browser's bundler would look for
 * it. `Module` says what is used of it.
 */
export function nodeBuiltin<Module>(name: `node:${string}`): Module | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.getBuiltinModule?.(name) as Module | undefined;
}
