import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ManagementClient } from 'genauth';
import { quantile } from './http-load.ts';
import { openStage, type Size } from './stage.ts';

const packed = fileURLToPath(new URL('../packages/sdk/dist', import.meta.url));
const calls = 500;
const rounds = 6;

/** What our TypeScript client costs its caller: CPU of a call beside a bare `fetch`, and the time to import the built package. */
export async function benchSdk(size: Size): Promise<void> {
  const { server, authorization, accessKey } = await openStage(size);
  try {
    const options = { host: server.origin, accessKeyId: accessKey.id, accessKeySecret: accessKey.secret };
    const signed = new ManagementClient(options);
    const byToken = new ManagementClient({ ...options, authentication: 'token' });
    const ways: Record<string, () => Promise<unknown>> = {
      'bare fetch': async () => {
        const response = await fetch(`${server.origin}/api/v3/list-organizations?page=1&limit=10`, {
          headers: { authorization },
        });
        return response.json();
      },
      'ours, signed': () => signed.listOrganizations({ page: 1, limit: 10 }).then((answer) => answer),
      'ours, with a token': () => byToken.listOrganizations({ page: 1, limit: 10 }).then((answer) => answer),
    };
    const spent = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    for (const call of Object.values(ways)) for (let i = 0; i < calls; i++) await call();
    // In turns, so that a slow moment is slow for all; the median round counts.
    for (let round = 0; round < rounds; round++) {
      for (const [name, call] of Object.entries(ways)) {
        const before = process.cpuUsage();
        for (let i = 0; i < calls; i++) await call();
        const { user, system } = process.cpuUsage(before);
        spent.get(name)?.push((user + system) / 1000 / calls);
      }
    }
    const bare = quantile(spent.get('bare fetch') ?? [], 0.5);
    console.log('| call | client CPU ms | over bare fetch |');
    console.log('| --- | ---: | ---: |');
    for (const [name, times] of spent) {
      const median = quantile(times, 0.5);
      console.log(`| ${name} | ${median.toFixed(3)} | ${(median - bare).toFixed(3)} |`);
    }
  } finally {
    await server.stop();
  }
  execFileSync('npm', ['run', '--silent', 'build', '-w', 'genauth'], { stdio: 'inherit' });
  console.log(
    `\nimport of the built package: ${importTime('import')} ms as ESM, ${importTime('require')} ms as CommonJS`,
  );
}

/** Milliseconds, the median of nine processes. */
function importTime(how: 'import' | 'require'): string {
  const load = how === 'import' ? `await import('genauth')` : `require('genauth')`;
  const program = `const t = performance.now(); ${load}; console.log(performance.now() - t);`;
  const inputType = how === 'import' ? 'module' : 'commonjs';
  // A package may import itself by name, which takes the way through its `exports` that its users take.
  const times = Array.from({ length: 9 }, () =>
    Number(execFileSync(process.execPath, [`--input-type=${inputType}`, '-e', program], { cwd: packed })),
  );
  return quantile(times, 0.5).toFixed(1);
}
