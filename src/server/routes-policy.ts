// `GET` and `POST /api/v1/policy`: the policy in force, and another one in two steps. The first says what it would change;
// the second, with the hash that the first one told, puts it into force.
import type { FastifyInstance } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { uncoveredCalendars, uncoveredWarning } from '../policy/coverage.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { PolicyFileError, type Read, readPolicyText } from '../policy-store/source.ts';
import { takesPolicy } from './api-bodies.ts';
import { confirmQuery, errorAnswer } from './api-schemas.ts';
import { type AppOptions, refuse } from './app.ts';
import { effectAnswer, effectOf } from './policy-trial.ts';
import { checkQuestion, noQuery } from './question.ts';
import { holidayRoutes } from './routes-holidays.ts';

const inForceAnswer = z
  .object({
    hash: z.string(),
    name: z.string(),
    clocks: z.number().int(),
    indicators: z.number().int(),
  })
  .describe('The policy in force, and how many clocks and indicators it has.');
const trialAnswer = z
  .object({
    hash: z.string(),
    name: z.string(),
    applied: z.boolean().describe('true when it is in force'),
    warnings: z
      .array(z.string())
      .describe(
        'what is odd about it, and calendars that come to a year whose holidays are not known, as `check` says it',
      ),
    effect: effectAnswer,
  })
  .describe('What the policy would change or, with `confirm`, changes.');

export async function policyRoutes(fastify: FastifyInstance, options: AppOptions): Promise<void> {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  fastify.setValidatorCompiler(checkQuestion);
  fastify.setSerializerCompiler(serializerCompiler);
  holidayRoutes(fastify, options);
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/api/v1/policy',
    {
      config: { access: 'view' as const },
      schema: { summary: 'The policy in force', querystring: noQuery, response: { 200: inForceAnswer } },
    },
    () => {
      const { hash, name, clocks, indicators } = options.policy();
      return { hash, name, clocks: clocks.length, indicators: indicators.length };
    },
  );
  app.post(
    '/api/v1/policy',
    {
      config: { access: 'admin' as const, takes: takesPolicy },
      schema: {
        summary: 'Try a policy, or put it into force',
        description:
          'The policy as YAML or JSON. Without `confirm` it is only tried; with `confirm` = the hash that the trial told it comes into force, for open cases too. Breaches of open cases that were told before and no longer hold under it are withdrawn by records that say so; closed cases stay judged by the policy of their time.',
        querystring: confirmQuery,
        response: { 200: trialAnswer, 400: errorAnswer, 409: errorAnswer, 503: errorAnswer },
      },
    },
    async (request, reply) => {
      const read = readOrNull(String(request.body ?? ''), await options.policies.years());
      if (typeof read === 'string') return refuse(reply, 400, 'bad-policy', read);
      const { policy } = read;
      const warnings = warningsOf(read, Date.now());
      const { confirm } = request.query;
      if (confirm !== undefined && confirm !== policy.hash)
        return refuse(reply, 409, 'other-policy', `This policy has the hash ${policy.hash}: try it first.`);
      const answer = { hash: policy.hash, name: policy.name, warnings };
      if (policy.hash === options.policy().hash) {
        if (confirm !== undefined) await options.policies.put(read);
        return reply.send({ ...answer, applied: true, effect: null });
      }
      const effect = await effectOf(options, policy);
      if (confirm !== undefined) await options.policies.put(read);
      return reply.send({ ...answer, applied: confirm !== undefined, effect });
    },
  );
}

/** What `check` warns of, at `now` in ms. */
export function warningsOf({ policy, warnings }: Pick<Read, 'policy' | 'warnings'>, now: number): string[] {
  return [...warnings, ...uncoveredCalendars(policy, now).map(uncoveredWarning)];
}

/** The policy, or what is wrong with it. */
function readOrNull(text: string, years: readonly AddedYear[]): Read | string {
  try {
    return readPolicyText(text, years);
  } catch (error) {
    if (error instanceof PolicyFileError) return error.message;
    throw error;
  }
}
