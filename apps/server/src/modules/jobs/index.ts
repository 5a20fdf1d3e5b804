/**
 * Jobs: asking for one, looking at them, canceling them. Who takes them up and carries them on is `job-runs`; what a job
 * does belongs to the module that defines it.
 *
 * @example
 * // In a command: the job exists if the command commits.
 * const jobId = await startJob(context, reevaluateGroup.kind, { groupId });
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { jobHandlers } from './service.ts';

export { jobCanceled, jobFailures } from './contract.ts';
export { defineJob, type JobContext, type JobDefinition, startJob } from './service.ts';
export { deleteFinishedJobs } from './store.ts';

export const jobs: Module = defineModule('jobs', contract, jobHandlers);
