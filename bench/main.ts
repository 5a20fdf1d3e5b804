import { parseArgs } from 'node:util';
import { benchDepartments } from './departments.ts';
import { benchSoak } from './soak.ts';
import { openStage } from './stage.ts';

const usage = `npm run bench -- <command> [options]

  seed          make the data set (kept in .cache/bench, resumed when it was interrupted)
  departments   organizations, departments and members: requests per CPU-second beside two floors
  soak          a mixed load, and the server's memory under it

  --users N         people of the large data set (1000000)
  --departments N   its departments (100000)
  --seconds N       length of each measurement (6)
  --minutes N       length of the soak (10)
  --connections N   concurrent clients (8)
  --only TEXT       only operations whose name holds this
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '1000000' },
    departments: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '6' },
    minutes: { type: 'string', default: '10' },
    connections: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
  },
});

const number = (name: Exclude<keyof typeof values, 'only'>): number => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
};

const size = { users: number('users'), departments: number('departments') };
const connections = number('connections');

switch (positionals[0]) {
  case 'seed': {
    const { server } = await openStage(size);
    await server.stop();
    break;
  }
  case 'departments':
    await benchDepartments({
      large: size,
      small: { users: 10_000, departments: 1_000 },
      seconds: number('seconds'),
      connections,
      only: values.only,
    });
    break;
  case 'soak':
    await benchSoak({ size, minutes: number('minutes'), connections });
    break;
  default:
    console.error(usage);
    process.exitCode = 2;
}
