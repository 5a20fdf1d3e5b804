/**
 * Carries jobs out: every server process takes up a few at a time, fair between user pools, and carries on what a server
 * that is gone left at its last checkpoint. Asking for jobs and looking at them belongs to `jobs`.
 */
export { type JobRuns, startJobRuns } from './service.ts';
