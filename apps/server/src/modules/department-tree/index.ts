/**
 * The tree all department modules stand on: how an operation names a department, its row, its lock, its place. It has no
 * operations; those belong to `organizations`, `departments`, `department-members` and their neighbours.
 */
export {
  type DepartmentIdType,
  departmentCustomDataChanged,
  departmentTreeErrors,
  isCode,
  rootAlias,
} from './contract.ts';
export {
  type DepartmentReference,
  givenTranslations,
  requireDepartment,
  requireLockedDepartment,
  requireLockedOrganization,
  requireNoTenant,
  requirePathRanges,
  toDepartmentDto,
  toEventNode,
} from './service.ts';
export {
  type DepartmentRow,
  departmentColumns,
  depthOf,
  endOfSubtree,
  findDepartmentById,
  insertDepartment,
  isBelowOrSame,
  lockTrees,
  maxDepth,
  moveSubtree,
  setLeaders,
  updateDepartmentRow,
} from './store.ts';
