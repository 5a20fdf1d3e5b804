import { command, doc, dto, errors, event, pageOf, paging, query } from '@genauth/contract';
import * as z from 'zod';

export const jobErrors = errors('job', {
  notFound: { statusCode: 404, message: { en: 'Job not found', zh: '任务不存在' } },
});

/** Why a job ended without success, where it did not say so itself. */
export const jobFailures = errors('job_failure', {
  givenUp: {
    statusCode: 500,
    message: {
      en: 'The job failed {attempts} times in a row and was given up. Please name its id to support',
      zh: '任务连续失败 {attempts} 次，已终止。请联系管理员并提供任务 ID',
    },
  },
});

/** The job did not come to its end, and never will; what it has done so far stays. */
export const jobCanceled = event('job.canceled', {
  data: z.object({ job: z.object({ id: z.string(), kind: z.string() }) }),
});

const states = ['waiting', 'running', 'done', 'failed', 'canceled'] as const;

const jobId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Id of the job', '任务 ID', '6229ffa0a1b2c3d4cade3e3d'));
const state = z
  .enum(states)
  .meta(doc('State: `done`, `failed` and `canceled` are final', '任务状态，done、failed、canceled 为终态', 'running'));
const kind = z
  .string()
  .max(64)
  .meta(doc('What the job does', '任务类型', 'import-users'));

function time(english: string, chinese: string) {
  return z.iso.datetime().meta(doc(english, chinese, '2022-07-03T02:20:30.000Z'));
}

/** A job as callers see it; what it was given is not among that. */
const JobDto = dto('JobDto', {
  jobId,
  kind,
  state,
  done: z.int().meta(doc('Items finished so far', '已处理数量', 1200)),
  total: z
    .int()
    .nullable()
    .meta(doc('Items there are, once that is known', '总数量，未知时为 null', 5000)),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta(doc('What came of it, when it is done', '任务结果，完成后返回', { created: 5000 })),
  error: z.string().nullable().meta(doc('Why it failed', '失败原因')),
  accessKeyId: z.string().meta(doc('Access key that started it', '发起任务的 Access Key', '6229ffa0a1b2c3d4cade3e3d')),
  createdAt: time('Time it was asked for', '创建时间'),
  startedAt: time('Time a server took it up first', '开始时间').nullable(),
  finishedAt: time('Time it reached its final state', '结束时间').nullable(),
});

const tag = 'Jobs';

export const getJob = query({
  method: 'GET',
  path: '/api/v3/get-job',
  tag,
  title: { en: 'Get Job', zh: '获取任务' },
  summary: { en: 'Get a job', zh: '获取任务详情' },
  description: {
    en: 'Gets the state and the progress of a job. Jobs are what imports, exports and other work in bulk become; any server of the installation carries them on, also after a crash. A job that has ended is deleted after a while (30 days, unless the installation says otherwise), and not found from then on.',
    zh: '获取任务的状态与进度。批量导入、导出等耗时操作以任务方式执行，服务重启后会自动继续。已结束的任务保留一段时间（默认 30 天）后删除，之后查询返回任务不存在。',
  },
  permission: 'job:Get',
  input: dto('GetJobDto', { jobId }),
  output: JobDto,
  answer: 'JobSingleRespDto',
  errors: [jobErrors.notFound],
});

export const listJobs = query({
  method: 'GET',
  path: '/api/v3/list-jobs',
  tag,
  title: { en: 'List Jobs', zh: '获取任务列表' },
  summary: { en: 'List jobs', zh: '获取任务列表' },
  description: { en: 'Lists jobs of the user pool, newest first.', zh: '获取用户池的任务列表，最新的在前。' },
  permission: 'job:List',
  input: dto('ListJobsDto', { kind: kind.optional(), state: state.optional(), ...paging }),
  output: pageOf('JobPagingDto', JobDto),
  answer: 'JobPaginatedRespDto',
  errors: [],
});

export const cancelJob = command({
  method: 'POST',
  path: '/api/v3/cancel-job',
  tag,
  title: { en: 'Cancel Job', zh: '取消任务' },
  summary: { en: 'Cancel a job', zh: '取消任务' },
  description: {
    en: 'Cancels a job that waits or runs. What it has done so far stays; nothing of it happens afterwards. A job in its final state stays as it is. Answers the job.',
    zh: '取消等待中或执行中的任务。已完成的部分会保留，之后不再执行。已结束的任务保持不变。返回任务详情。',
  },
  permission: 'job:Cancel',
  input: dto('CancelJobDto', { jobId }),
  output: JobDto,
  answer: 'JobSingleRespDto',
  errors: [jobErrors.notFound],
  audit: { operationType: 'update', resourceType: 'job' },
  target: 'jobId',
  emits: [jobCanceled],
});
