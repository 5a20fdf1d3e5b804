// Who may import whom. The arrows point one way:
//
//   main -> compose -> protocols -> modules/*/index -> platform -> packages/contract -> zod
//   inside a module: index -> service -> store -> platform/database ;  service -> contract
//
// `npm run check` enforces this (scripts/boundaries.ts), and scripts/boundaries.test.ts breaks every rule once, to see
// that it is noticed. Type imports count: what a file cannot name, it does not depend on.

const server = '^apps/server/src';
const module = `${server}/modules/([^/]+)`;
const database = '(^|node_modules/)(@types/)?(kysely|pg|pg-[^/]+)(/|$)';
const fastify = '(^|node_modules/)(fastify|@fastify/[^/]+)(/|$)';
const tests = '\\.test\\.ts$';
const notProduction = [tests, '/testing/', '^bench/', '^scripts/', '^vitest\\.config\\.ts$'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // 1. No cycles.
    {
      name: 'no-cycles',
      comment: 'Files that import each other are one file. Pass a parameter, or move what both need below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved-imports',
      comment: 'An import that leads nowhere would slip past every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },

    // 2. From outside, a module is its index.
    {
      name: 'modules-meet-at-their-index',
      comment: 'Of another module only index.ts is visible (a contract may also use the schemas of another contract).',
      severity: 'error',
      from: { path: `${module}/`, pathNot: '/contract\\.ts$' },
      to: { path: `${server}/modules/`, pathNot: [`${server}/modules/$1/`, '/index\\.ts$'] },
    },
    {
      name: 'only-the-index-of-a-module',
      comment:
        'Protocols, jobs, compose.ts and everything else outside the modules see index.ts and nothing behind it. ' +
        'The published document is made of the contracts alone, so that emitting it starts nothing.',
      severity: 'error',
      from: { pathNot: [`${server}/modules/`, `${server}/documents\\.ts$`] },
      to: { path: `${server}/modules/`, pathNot: '/index\\.ts$' },
    },

    // 3. A contract is data.
    {
      name: 'contracts-are-data',
      comment:
        'contract.ts imports the kit, Zod and other contracts: it is read by the document and the generated clients.',
      severity: 'error',
      from: { path: `${module}/contract\\.ts$` },
      to: { pathNot: ['^packages/contract/', '(^|node_modules/)zod(/|$)', `${module}/contract\\.ts$`] },
    },
    {
      name: 'the-kit-needs-only-zod',
      comment: 'packages/contract is imported by servers, browsers and generators alike.',
      severity: 'error',
      from: { path: '^packages/contract/', pathNot: tests },
      to: { pathNot: ['^packages/contract/', '(^|node_modules/)zod(/|$)'] },
    },

    // 4. The platform knows no module, modules know no protocol; nothing looks up.
    {
      name: 'the-platform-knows-no-module',
      comment: 'The platform carries the modules. What it needs of them is handed to it as declarations.',
      severity: 'error',
      from: { path: `${server}/platform/`, pathNot: tests },
      to: { path: `${server}/(modules|protocols)/` },
    },
    {
      name: 'modules-know-no-protocol',
      comment: 'OIDC, SAML, CAS and LDAP translate into calls of modules, never the other way round.',
      severity: 'error',
      from: { path: `${server}/modules/`, pathNot: tests },
      to: { path: `${server}/protocols/` },
    },
    {
      name: 'nothing-looks-up',
      comment: 'compose.ts and main.ts put the server together; no part of it may know the whole.',
      severity: 'error',
      from: { path: `${server}/(platform|modules|protocols)/`, pathNot: tests },
      to: { path: `${server}/[^/]+\\.ts$` },
    },

    // 5. SQL and HTTP each have their place.
    {
      name: 'sql-only-in-stores',
      comment: 'Queries live in store.ts, connections and transactions in platform/database.',
      severity: 'error',
      from: { pathNot: [`${module}/store\\.ts$`, `${server}/platform/database/`, `${server}/testing/`, '^bench/'] },
      to: { path: database },
    },
    {
      name: 'modules-write-sql-in-stores',
      comment: 'Besides store.ts a module may name the types of platform/database, and use nothing of it.',
      severity: 'error',
      from: { path: `${server}/modules/`, pathNot: ['/store\\.ts$', tests] },
      to: { path: `${server}/platform/database/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'fastify-only-at-the-edge',
      comment: 'Requests end in platform/http and protocols; behind them there are only inputs and contexts.',
      severity: 'error',
      from: {
        path: `${server}/`,
        pathNot: [`${server}/platform/http/`, `${server}/protocols/`, `${server}/testing/`],
      },
      to: { path: fastify },
    },
    {
      name: 'rules-know-no-http',
      comment: 'A service or a store is told what to do, not what arrived.',
      severity: 'error',
      from: { path: `${module}/(service|store)\\.ts$` },
      to: { path: `${server}/platform/http/` },
    },

    // 6. Inside a module, downward.
    {
      name: 'stores-answer-and-do-not-ask',
      comment: 'index -> service -> store: a store knows rows, not the rules and the wire format above it.',
      severity: 'error',
      from: { path: `${module}/store\\.ts$` },
      to: { path: `${server}/modules/$1/(index|service|contract)\\.ts$` },
    },
    {
      name: 'services-are-wired-by-their-index',
      comment: 'index -> service: what a service needs of other modules arrives as a parameter.',
      severity: 'error',
      from: { path: `${module}/service\\.ts$` },
      to: { path: `${server}/modules/$1/index\\.ts$` },
    },

    // And what is shipped does not lean on what tests it.
    {
      name: 'production-imports-no-tests',
      comment: 'testing/, *.test.ts, bench/ and scripts/ may use the product; the product may not use them.',
      severity: 'error',
      from: { pathNot: notProduction },
      to: { path: [tests, '/testing/', '^bench/', '^scripts/'] },
    },
    {
      name: 'production-imports-no-development-packages',
      comment: 'A package that the product runs on belongs in the dependencies of its workspace.',
      severity: 'error',
      from: { pathNot: notProduction },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'type-import', 'npm'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(apps|packages)/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
