import { parseArgs } from 'node:util';
import { benchDepartments } from './departments.ts';
import { benchGroups } from './groups.ts';
import { benchImports } from './imports.ts';
import { benchRoles } from './roles.ts';
import { benchSdk } from './sdk.ts';
import { benchSoak } from './soak.ts';
import { openStage } from './stage.ts';
import { benchUserSearch } from './user-search.ts';
import { benchUsers } from './users.ts';

const usage = `npm run bench -- <command> [options]

  seed          make the data set (kept in .cache/bench, resumed when it was interrupted)
  departments   organizations, departments and members: requests per CPU-second beside two floors
  users         reading users, their life cycle, and what passwords cost: the same
  roles         what users hold, inherited roles included: the same
  groups        groups, and what dynamic ones cost those who change users: the same
  user-search   reading, listing and searching users
  soak          a mixed load, and the server's memory under it
  imports       an import of users beside COPY of the same rows, and whether its cost stays flat
  sdk           what a call of our TypeScript client costs beside a bare fetch, and its import

  --users N         people of the large data set (1000000)
  --departments N   its departments (100000)
  --seconds N       length of each measurement (6)
  --minutes N       length of the soak (10)
  --connections N   concurrent clients (8)
  --only TEXT       only operations whose name holds this
`;

const accepted = {
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    users: { type: 'string', default: '1000000' },
    departments: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '6' },
    minutes: { type: 'string', default: '10' },
    connections: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
  },
} as const;

const { positionals, values } = readArguments();

function readArguments() {
  try {
    return parseArgs(accepted);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return process.exit(2);
  }
}

const number = (name: Exclude<keyof typeof values, 'only' | 'help'>): number => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
};

const size = { users: number('users'), departments: number('departments') };
const connections = number('connections');

function comparison() {
  return {
    large: size,
    small: { users: 10_000, departments: 1_000 },
    seconds: number('seconds'),
    connections,
    only: values.only,
  };
}

switch (values.help ? 'help' : positionals[0]) {
  case 'seed': {
    const { server } = await openStage(size);
    await server.stop();
    break;
  }
  case 'departments':
    await benchDepartments(comparison());
    break;
  case 'users':
    await benchUsers(comparison());
    break;
  case 'roles':
    await benchRoles(comparison());
    break;
  case 'groups':
    await benchGroups(comparison());
    break;
  case 'user-search':
    await benchUserSearch(comparison());
    break;
  case 'soak':
    await benchSoak({ size, minutes: number('minutes'), connections });
    break;
  case 'imports':
    await benchImports({ users: size.users });
    break;
  case 'sdk':
    await benchSdk({ users: 10_000, departments: 1_000 });
    break;
  case 'help':
    console.log(usage);
    break;
  default:
    console.error(usage);
    process.exitCode = 2;
}
