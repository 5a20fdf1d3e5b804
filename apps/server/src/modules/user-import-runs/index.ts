/**
 * Carries imports of users out: the job that reads a file row by row and has users made and changed of them, a batch in a
 * transaction, by the ways everybody else uses.
 */
import { createInputReader } from '../../platform/http/input.ts';
import type { CommandContext } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { listCustomFields, prepareCustomData, uniqueValuesOf } from '../custom-values/index.ts';
import { departmentsOfPaths, departmentTreeImported } from '../department-imports/index.ts';
import { departmentTreeErrors } from '../department-tree/index.ts';
import type { JobDefinition } from '../jobs/index.ts';
import type { Passwords } from '../passwords/index.ts';
import { createUserChange, updateUser } from '../user-changes/index.ts';
import { addMemberships, type departmentMemberships } from '../user-departments/index.ts';
import { listUsersByIds } from '../user-directory/index.ts';
import type { ImportOptions } from '../user-imports/index.ts';
import { byImport, createUser, createUserCreation, type NewUserInput, refuseUnavailable } from '../users/index.ts';
import type { Candidate } from './candidates.ts';
import { importUsersJob } from './service.ts';

interface Dependencies {
  readonly seal: Seal;
  readonly passwords: Passwords;
  readonly departments: typeof departmentMemberships;
}

/** Fields of `create-user` that are read in ways of their own. */
const special = new Set(['customData', 'departmentIds', 'options', 'emailVerified', 'phoneVerified', 'gender']);
const plain = new Set(Object.keys(createUser.input.shape).filter((name) => !special.has(name)));
const readOnly = new Set(Object.keys(createUser.output.shape));

export function userImportRuns({ seal, passwords, departments }: Dependencies): JobDefinition {
  const makeUsers = createUserCreation({ seal, departments });
  const changeUsers = createUserChange({ seal, departments });
  const reader = createInputReader(createUser);
  return importUsersJob({
    emits: [...new Set([...createUser.emits, ...updateUser.emits, departmentTreeImported])],
    readInput: (values) => reader.read(values, false) as unknown as NewUserInput,
    async checkCustomData(scope, inputs) {
      await prepareCustomData(
        scope,
        'USER',
        inputs.map(({ customData }) => customData),
      );
    },
    async uniqueValues(scope, inputs) {
      const prepared = await prepareCustomData(
        scope,
        'USER',
        inputs.map(({ customData }) => customData),
      );
      return prepared.map((one) => uniqueValuesOf(seal, scope, one));
    },
    async knownColumns(scope) {
      const fields = await listCustomFields(scope, 'USER');
      return { plain, readOnly, customFields: new Map(fields.map(({ key, dataType }) => [key, dataType])) };
    },
    async toStoredPassword(input, { keepPassword }, { userPoolId, signal }) {
      const turn = { sharer: userPoolId, signal };
      const [stored] = await passwords.toStored([input], { keepPassword }, () => '', turn);
      return stored;
    },

    async createUsers(context, candidates, options) {
      const departmentIds = await idsOfPaths(context, candidates, options);
      const { rows } = await makeUsers(
        candidates.map(({ input }) => input),
        candidates.map(({ password }) => password),
        { ...usualOptions, ...pick(options) },
        context,
        () => '',
        byImport,
      );
      await addMemberships(
        context,
        rows.flatMap(({ id: userId }, index) =>
          (departmentIds[index] ?? []).map((departmentId) => ({ userId, departmentId })),
        ),
      );
      return rows.map(({ id }) => id);
    },

    async changeUsers(context, known, options) {
      const candidates = known.map(({ candidate }) => candidate);
      for (const { input } of candidates) refuseUnavailable(input);
      const departmentIds = await idsOfPaths(context, candidates, options);
      const disabled = await disabledOf(context, known);
      await changeUsers(
        context,
        known.map(({ userId, candidate: { input, password } }) => ({
          id: userId,
          input: disabled.has(userId) ? { status: 'Activated', ...input } : input,
          password,
          prefix: '',
        })),
      );
      const joins = known.map(({ userId, candidate }) => ({
        userId,
        departmentIds: candidate.input.departmentIds ?? [],
      }));
      await departments.join(context, joins, options.departmentIdType);
      await addMemberships(
        context,
        known.flatMap(({ userId }, index) =>
          (departmentIds[index] ?? []).map((departmentId) => ({ userId, departmentId })),
        ),
      );
    },
  });
}

/** Those of these users who are disabled, and are not to be. Whoever has left does not come back by this. */
async function disabledOf(
  { scope }: CommandContext,
  known: readonly { readonly userId: string; readonly candidate: Candidate }[],
): Promise<ReadonlySet<string>> {
  const enabled = known.filter(({ candidate }) => candidate.row.isEnabled).map(({ userId }) => userId);
  if (enabled.length === 0) return new Set();
  const users = await listUsersByIds(scope, enabled, false);
  return new Set(users.filter(({ status }) => status === 'Suspended' || status === 'Deactivated').map(({ id }) => id));
}

const usualOptions = { autoGeneratePassword: false, passwordEncryptType: 'none' } as const;

function pick({ keepPassword, resetPasswordOnFirstLogin, departmentIdType }: ImportOptions) {
  return { keepPassword, resetPasswordOnFirstLogin, departmentIdType };
}

/** Of each row the departments that its paths lead to. */
async function idsOfPaths(
  context: CommandContext,
  candidates: readonly Candidate[],
  { onMissingDepartment }: ImportOptions,
): Promise<string[][]> {
  const keyOf = (path: readonly string[]) => JSON.stringify(path);
  const distinct = new Map(candidates.flatMap(({ row }) => row.paths.map((path) => [keyOf(path), path] as const)));
  const found = await departmentsOfPaths(context, [...distinct.values()], onMissingDepartment);
  const ids = new Map([...distinct.keys()].map((key, index) => [key, found[index]]));
  return candidates.map(({ row }) =>
    row.paths.map((path) => {
      const id = ids.get(keyOf(path));
      if (id === undefined) throw departmentTreeErrors.departmentNotFound();
      return id;
    }),
  );
}
