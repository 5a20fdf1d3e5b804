/** `removeDepartmentMembers` -> `['remove', 'department', 'members']`; of `getURLList` the capitals stay one word. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

/** `remove_department_members` */
export function toSnakeCase(name: string): string {
  return wordsOf(name).join('_');
}

/** `remove-department-members`, also of `Department Members` */
export function toKebabCase(name: string): string {
  return wordsOf(name).join('-');
}

/** `RemoveDepartmentMembers`: the first letter alone changes, so that a published name keeps its capitals. */
export function toPascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
