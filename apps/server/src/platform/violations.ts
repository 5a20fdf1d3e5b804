/** Whether a write was refused by this constraint or unique index, so that the error it means can be named. */
export function isViolationOf(error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}
