import { fileURLToPath } from 'node:url';
import manifest from '../package.json' with { type: 'json' };
import { accessKeys, createAccessKeyDirectory } from './modules/access-keys/index.ts';
import { customData } from './modules/custom-data/index.ts';
import { customFields } from './modules/custom-fields/index.ts';
import { departmentImports } from './modules/department-imports/index.ts';
import { departmentMembers } from './modules/department-members/index.ts';
import { departmentSearch } from './modules/department-search/index.ts';
import { departmentSyncRelations } from './modules/department-sync-relations/index.ts';
import { departments } from './modules/departments/index.ts';
import { dynamicGroups, evaluationJob, startDueEvaluations } from './modules/dynamic-groups/index.ts';
import { groupMembers } from './modules/group-members/index.ts';
import { groups } from './modules/groups/index.ts';
import { identities } from './modules/identities/index.ts';
import { startJobRuns } from './modules/job-runs/index.ts';
import { deleteFinishedJobs, type JobDefinition, jobs } from './modules/jobs/index.ts';
import { organizations } from './modules/organizations/index.ts';
import { openPasswordKeys } from './modules/password-keys/index.ts';
import { createPasswords, type Passwords, passwordHashes } from './modules/passwords/index.ts';
import { posts } from './modules/posts/index.ts';
import { departmentLinks, publicAccountDepartments } from './modules/public-account-departments/index.ts';
import { publicAccountMembers } from './modules/public-account-members/index.ts';
import { publicAccounts } from './modules/public-accounts/index.ts';
import { roleAssignments } from './modules/role-assignments/index.ts';
import { roleExclusions } from './modules/role-exclusions/index.ts';
import { announceDisabledRoles, roles } from './modules/roles/index.ts';
import { separationOfDuty } from './modules/separation-of-duty/index.ts';
import { system } from './modules/system/index.ts';
import { openManagementTokens, tokens } from './modules/tokens/index.ts';
import { userBaseFields } from './modules/user-base-fields/index.ts';
import { userChanges } from './modules/user-changes/index.ts';
import { departmentMemberships, userDepartments } from './modules/user-departments/index.ts';
import { deleteOldExports, userExports } from './modules/user-exports/index.ts';
import { userImportRuns } from './modules/user-import-runs/index.ts';
import { deleteIdleFiles, deleteOldImports, userImports } from './modules/user-imports/index.ts';
import { userPoolSecretContext } from './modules/user-pools/index.ts';
import { userPosts } from './modules/user-posts/index.ts';
import { userRoles } from './modules/user-roles/index.ts';
import { userSearch } from './modules/user-search/index.ts';
import { createUserTotals } from './modules/user-totals/index.ts';
import { userCreation, users } from './modules/users/index.ts';
import { createCommandRunner } from './platform/commands.ts';
import { type Database, isDatabaseReady } from './platform/database/database.ts';
import { subscribe } from './platform/database/notifications.ts';
import { deleteExpiredNonces } from './platform/database/record.ts';
import { createHttpServer, type HttpServer } from './platform/http/server.ts';
import type { StaticSite } from './platform/http/static.ts';
import type { Log } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import type { Module } from './platform/module.ts';
import { createPasswordHasher, defaultPasswordHashCost, type PasswordHashCost } from './platform/password.ts';
import { patternMatching } from './platform/pattern-matching.ts';
import type { Seal } from './platform/seal.ts';
import { repeatWhileFull, startUpkeep, type UpkeepTask } from './platform/upkeep.ts';

/** The site that `npm run build -w @genauth/docs` makes; `npm start` sees to it. */
const documentation: StaticSite = {
  prefix: '/docs',
  folder: fileURLToPath(new URL('../../docs/dist', import.meta.url)),
  whenMissing:
    '<!doctype html><html lang="en"><title>GenAuth Documentation</title><h1>The documentation is not built yet</h1>' +
    '<p>Run <code>npm run build -w @genauth/docs</code> in the folder of GenAuth, then reload this page.</p></html>',
};

/** What a server is made from. Clock and strictness are parameters, so that tests need no mocks. */
export interface CompositionDependencies {
  readonly database: Database;
  readonly seal: Seal;
  readonly log: Log;
  readonly now?: () => number;
  readonly checkAnswers?: boolean;
  readonly publicRequestsPerSecond?: number;
  readonly trustedProxies?: readonly string[];
  readonly passwordHashCost?: PasswordHashCost;
  readonly publicIps?: readonly string[];
  readonly allowsPasswordHashExport?: boolean;
  readonly jobRetentionDays?: number;
  /** False for a server that leaves jobs to others. */
  readonly runsJobs?: boolean;
}

/** A server that is put together, but does not listen yet. */
export interface Composition {
  readonly app: HttpServer;
  readonly modules: readonly Module[];
  readonly passwords: Passwords;
  /** What is done now and then, as long as it runs. */
  readonly upkeep: readonly UpkeepTask[];
  /** Finishes running requests, then lets go of everything but the database. */
  close(): Promise<void>;
}

/** Wires the modules. The only place that knows all of them. */
export async function compose({
  database,
  seal,
  log,
  now = Date.now,
  checkAnswers = false,
  publicRequestsPerSecond = 100,
  trustedProxies = [],
  passwordHashCost = defaultPasswordHashCost,
  publicIps = [],
  allowsPasswordHashExport = false,
  jobRetentionDays = 30,
  runsJobs = true,
}: CompositionDependencies): Promise<Composition> {
  const directory = createAccessKeyDirectory({ database, seal, userPoolSecretContext, now });
  const subscription = await subscribe(database, 'genauth_credentials', log, {
    onMessage: directory.forget,
    onLive: directory.trust,
    onGap: directory.distrust,
  });
  const managementTokens = await openManagementTokens(database, seal, now);

  const passwordKeys = await openPasswordKeys(database, seal);

  const passwords = createPasswords({
    database,
    hasher: createPasswordHasher({ cost: passwordHashCost }),
    keys: passwordKeys,
  });
  const totals = createUserTotals();
  const usersDependencies = { seal, passwords, departments: departmentMemberships };
  const modules: Module[] = [
    organizations(seal),
    departments(seal),
    departmentMembers(seal),
    departmentSearch(seal),
    departmentSyncRelations,
    departmentImports({ createUsers: userCreation(usersDependencies) }),
    users(usersDependencies),
    userChanges(usersDependencies),
    identities(seal),
    passwordHashes({ isExportAllowed: allowsPasswordHashExport }),
    userSearch({ seal, departments: departmentMemberships, totals }),
    userDepartments(seal),
    userRoles,
    userImports,
    userExports({ seal, departments: departmentMemberships }),
    roles(seal),
    roleAssignments(seal),
    roleExclusions,
    separationOfDuty,
    groups(seal),
    groupMembers(seal),
    dynamicGroups,
    posts,
    userPosts,
    publicAccounts({ seal, passwords, departments: departmentLinks, memberships: departmentMemberships, totals }),
    publicAccountDepartments({ seal }),
    publicAccountMembers({ seal }),
    customFields(seal),
    userBaseFields,
    customData(seal),
    accessKeys(seal, directory.forget),
    tokens({ tokens: managementTokens, findAccessKey: directory.find }),
    jobs,
    system({ passwordKeys, version: manifest.version, publicIps }),
  ];
  const jobDefinitions: JobDefinition[] = [evaluationJob, userImportRuns(usersDependencies)];

  const app = createHttpServer({
    modules,
    database,
    credentials: { findAccessKey: directory.find, readManagementToken: managementTokens.read },
    metrics: createMetrics(database),
    log,
    now,
    checkAnswers,
    publicRequestsPerSecond,
    trustedProxies,
    isReady: () => isDatabaseReady(database),
    plainRoutes: [{ path: '/oidc/.well-known/jwks.json', answer: async () => managementTokens.keySet() }],
    sites: [documentation],
  });

  const runCommand = createCommandRunner({ modules, checkAnswers });
  const upkeep: readonly UpkeepTask[] = [
    {
      name: 'expire nonces',
      everySeconds: 60,
      run: async () => {
        await database.acrossUserPools(deleteExpiredNonces);
      },
    },
    {
      name: 'evaluate groups by the clock',
      everySeconds: 10,
      run: () => startDueEvaluations({ database, runCommand, now }),
    },
    {
      name: 'announce roles disabled by the clock',
      everySeconds: 10,
      run: () => announceDisabledRoles({ database, runCommand, now }),
    },
    {
      name: 'delete files of imports',
      everySeconds: 60,
      run: () => repeatWhileFull(() => database.acrossUserPools(deleteIdleFiles)),
    },
    {
      name: 'delete what ended long ago',
      everySeconds: 300,
      run: async () => {
        const before = new Date(now() - jobRetentionDays * 24 * 60 * 60 * 1000);
        // Imports follow their jobs.
        for (const deleteSome of [deleteFinishedJobs, deleteOldImports, deleteOldExports]) {
          await repeatWhileFull(() => database.acrossUserPools((across) => deleteSome(across, before)));
        }
      },
    },
    { name: 'forget what users were', everySeconds: 900, run: () => totals.forgetChanges(database) },
    { name: 'note key uses', everySeconds: 60, run: directory.flushUses },
  ];
  const runningUpkeep = startUpkeep(upkeep, log);

  const jobRuns = await startJobRuns({
    database,
    definitions: runsJobs ? jobDefinitions : [],
    runCommand,
    log,
    now,
  });

  const letGoOfPatternMatching = patternMatching.hold();
  return {
    app,
    modules,
    passwords,
    upkeep,
    async close() {
      await app.close();
      await jobRuns.close();
      await runningUpkeep.stop();
      await directory.flushUses();
      await subscription.close();
      await letGoOfPatternMatching();
    },
  };
}
