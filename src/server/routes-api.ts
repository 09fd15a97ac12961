// The reading API under /api/v1 and its OpenAPI document. Zod's compilers are set in this scope only.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ENTITIES, type Entity } from '../contract/event.ts';
import { formatTime } from '../contract/time.ts';
import type { CaseState } from '../engine/case.ts';
import {
  alertsAnswer,
  caseAnswer,
  caseQuery,
  casesAnswer,
  casesQuery,
  errorAnswer,
  indicatorsAnswer,
} from './api-schemas.ts';
import { type AppOptions, refuse } from './app.ts';
import { alertRows } from './board.ts';
import { CursorError } from './case-reader.ts';
import { caseDetail } from './case-view.ts';
import { figureOf, TOTAL } from './figures.ts';
import { docsPage } from './page.ts';
import { asTheyFired } from './past-alerts.ts';
import { checkQuestion, noQuery } from './question.ts';
import { within } from './within.ts';

/** Groups of one indicator that are listed. */
export const GROUPS_MAX = 500;
const view = { config: { access: 'view' as const } };

export async function apiRoutes(app: FastifyInstance, options: AppOptions): Promise<void> {
  app.setValidatorCompiler(checkQuestion);
  app.setSerializerCompiler(serializerCompiler);
  caseRoutes(app, options);
  figureRoutes(app, options);
  app.get('/api/docs', { ...view, schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(app.swagger())),
  );
  app.get('/api/docs/openapi.json', { ...view, schema: { hide: true } }, () => app.swagger());
}

function caseRoutes(fastify: FastifyInstance, { reader, view: live }: AppOptions): void {
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/api/v1/cases',
    {
      ...view,
      schema: {
        summary: 'Open cases by risk',
        querystring: casesQuery,
        response: { 200: casesAnswer, 400: errorAnswer },
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const asOf = live.asOf();
      try {
        const page = await within(reader.page(filter, limit, cursor ?? null, asOf));
        return reply.send({ asOf: formatTime(asOf), cases: page.cases, cursor: page.cursor });
      } catch (error) {
        if (error instanceof CursorError) return refuse(reply, 400, 'bad-request', error.message);
        throw error;
      }
    },
  );

  const answerCase = (reply: FastifyReply, found: readonly CaseState[]): FastifyReply => {
    const [state] = found;
    if (!state) return refuse(reply, 404, 'not-found', 'There is no such case, or it is no longer kept.');
    if (found.length > 1) {
      const names = found.map(({ entity }) => entity).join(', ');
      return refuse(reply, 409, 'ambiguous', `Several cases have this id: say which entity (${names}).`);
    }
    const asOf = Math.max(live.asOf(), state.evaluatedAt);
    const { allClocks, ...detail } = caseDetail(state, asOf);
    return reply.send({ ...detail, asOf: formatTime(asOf), clocks: allClocks });
  };
  const response = { 200: caseAnswer, 404: errorAnswer, 409: errorAnswer };
  const description = 'ID is a case id, or `ENTITY/ID` with the slash encoded.';

  app.get(
    '/api/v1/cases/:id',
    {
      ...view,
      schema: {
        summary: 'One case',
        description,
        params: z.object({ id: z.string().max(1_000) }),
        querystring: caseQuery,
        response,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { entity } = request.query;
      const found = await within(reader.find(id, entity ?? null));
      const named = found.length === 0 && entity === undefined ? withEntity(id) : null;
      return answerCase(reply, named ? await within(reader.find(named.id, named.entity)) : found);
    },
  );
  app.get(
    '/api/v1/cases/:entity/:id',
    {
      ...view,
      schema: {
        summary: 'One case of an entity',
        params: z.object({ entity: z.enum(ENTITIES), id: z.string().max(1_000) }),
        querystring: noQuery,
        response,
      },
    },
    async (request, reply) =>
      answerCase(reply, await within(reader.find(request.params.id, request.params.entity))),
  );
}

/** `ticket/T-1` as an entity and an id; null when it does not begin with an entity. */
function withEntity(text: string): { readonly entity: Entity; readonly id: string } | null {
  const entity = ENTITIES.find(name => text.startsWith(`${name}/`));
  return entity === undefined ? null : { entity, id: text.slice(entity.length + 1) };
}

function figureRoutes(fastify: FastifyInstance, { view: live, policy, policyOf }: AppOptions): void {
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/api/v1/indicators',
    { ...view, schema: { summary: 'Indicators', querystring: noQuery, response: { 200: indicatorsAnswer } } },
    async (_request, reply) => {
      const now = live.asOf();
      const indicators = policy().indicators.flatMap(indicator => {
        const groups = live.book.groups(indicator).filter(group => group !== TOTAL);
        return [TOTAL, ...groups.sort().slice(0, GROUPS_MAX)].map(group => ({
          group,
          ...figureOf(indicator, group, live.book, live.alerts, now),
        }));
      });
      return reply.send({ asOf: formatTime(now), fresh: live.health().fresh, indicators });
    },
  );
  app.get(
    '/api/v1/alerts',
    { ...view, schema: { summary: 'Alerts', querystring: noQuery, response: { 200: alertsAnswer } } },
    async (_request, reply) => {
      const rows = asTheyFired(alertRows(policy(), live.alerts), live.alerts, policy(), policyOf);
      const alerts = rows.map(row => ({ ...row, at: formatTime(row.at) }));
      return reply.send({ asOf: formatTime(live.asOf()), fresh: live.health().fresh, alerts });
    },
  );
}
