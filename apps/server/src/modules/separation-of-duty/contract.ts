import type { ConstraintDeclaration } from '@genauth/contract';
import { departmentMemberAdded } from '../department-members/contract.ts';
import { departmentMoved } from '../departments/contract.ts';
import { groupMemberAdded } from '../group-members/contract.ts';
import { roleExclusionAdded, roleExclusionErrors } from '../role-exclusions/contract.ts';
import { roleAssigned } from '../roles/contract.ts';

/** Nobody comes to hold roles that exclude each other, by whatever way. */
export const separation: ConstraintDeclaration = {
  events: [roleAssigned, departmentMemberAdded, groupMemberAdded, departmentMoved],
  errors: [roleExclusionErrors.exclusive],
};

/** Roles come to exclude each other only while nobody holds both. */
export const exclusions: ConstraintDeclaration = {
  events: [roleExclusionAdded],
  errors: [roleExclusionErrors.heldTogether],
};
