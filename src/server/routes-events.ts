// `POST /v1/events`: events in, answered only after the stream has stored them.
import type { FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { takesEvents } from './api-bodies.ts';
import { errorAnswer, ingestAnswer } from './api-schemas.ts';
import { type AppOptions, refuse } from './app.ts';
import { EVENTS_MAX, readHttpEvents } from './http-events.ts';
import { ingest, StoreError } from './ingest.ts';

/** Bytes of requests that wait for the stream at once; beyond it publishers are asked to come back. */
export const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_SECONDS = '2';

const DESCRIPTION = [
  'CloudEvents 1.0: one event (application/cloudevents+json or application/json, or binary mode with ce-* headers),',
  'a batch (application/cloudevents-batch+json or a JSON list) or NDJSON (application/x-ndjson);',
  `at most ${EVENTS_MAX} events. Answered after the stream has stored them. Personal data is masked first.`,
].join(' ');

export async function eventRoutes(app: FastifyInstance, options: AppOptions): Promise<void> {
  let waitingBytes = 0;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.setSerializerCompiler(serializerCompiler);
  app.post(
    '/v1/events',
    {
      config: { access: 'ingest', takes: takesEvents },
      schema: {
        summary: 'Events in',
        description: DESCRIPTION,
        response: {
          202: ingestAnswer,
          400: z.union([ingestAnswer, errorAnswer]).describe('None of it could be read.'),
          413: z.union([ingestAnswer, errorAnswer]).describe('Too large, or too many events.'),
          415: errorAnswer,
          503: errorAnswer,
        },
      },
    },
    async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (waitingBytes + body.length > WAITING_BYTES_MAX) {
        void reply.header('retry-after', RETRY_SECONDS);
        return refuse(reply, 503, 'unavailable', 'Too much is waiting for the stream.');
      }
      const events = readHttpEvents(request.headers, body);
      if (!events.ok) return refuse(reply, events.status, events.code, events.message);
      waitingBytes += body.length;
      try {
        const result = await ingest(events.items, {
          sink: options.sink,
          partitions: options.view.partitions,
          declared: () => options.policy().attributes,
          refused: reason => options.metrics.refused(reason),
        });
        const none = result.accepted === 0 && result.rejected.length > 0;
        const large = none && result.rejected.every(({ reason }) => reason === 'oversized');
        return reply.code(large ? 413 : none ? 400 : 202).send(result);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        request.log.warn({ err: error }, 'events could not be stored');
        void reply.header('retry-after', RETRY_SECONDS);
        return refuse(reply, 503, 'unavailable', 'The stream can not be reached; send it again.');
      } finally {
        waitingBytes -= body.length;
      }
    },
  );
}
