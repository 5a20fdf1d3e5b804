/**
 * Whole trees of departments at once, with their members. Departments one by one belong to `departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createDepartmentImportsService } from './service.ts';

export { departmentTreeImported } from './contract.ts';
export { departmentsOfPaths } from './service.ts';

export function departmentImports(dependencies: Parameters<typeof createDepartmentImportsService>[0]): Module {
  return defineModule('department-imports', contract, createDepartmentImportsService(dependencies));
}
