// `GET` and `POST /api/v1/holidays`: which years the calendars know, and a year that an administrator adds in two steps, as
// with a policy. The first says what it would change; the second, with the hash that the first one told, adds it.
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { formatTime } from '../contract/time.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { calendarsOf, readHolidayFile } from '../policy/holiday-file.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { formatError } from '../policy/place.ts';
import type { KeptYear } from '../policy-store/holidays.ts';
import { PolicyFileError } from '../policy-store/source.ts';
import { takesHolidays } from './api-bodies.ts';
import { confirmQuery, errorAnswer } from './api-schemas.ts';
import { type AppOptions, refuse } from './app.ts';
import { effectAnswer, effectOf } from './policy-trial.ts';
import { noQuery } from './question.ts';

/** Years of which `GET` says whether they are covered: from the last one on. */
const YEARS_SHOWN = 7;

const dates = z.array(z.string()).readonly();
const names = z.array(z.string()).describe('calendars of the policy in force that use it');
const listAnswer = z
  .object({
    calendars: z.array(
      z.object({
        calendar: z.string(),
        country: z.string().nullable().describe('null where an iCalendar file has its holidays'),
        coveredUntil: z
          .string()
          .describe('RFC 3339: from this instant on no holidays are known, and plain hours hold'),
        years: z
          .array(z.number().int())
          .describe(`covered years, of the last, the present and the next five`),
      }),
    ),
    added: z.array(
      z.object({
        country: z.string(),
        year: z.number().int(),
        off: dates,
        work: dates,
        by: z.string().describe('who added it'),
        at: z.string(),
        calendars: names,
      }),
    ),
  })
  .describe('The calendars with the years that they know, and the years that were added.');
const trialAnswer = z
  .object({
    hash: z.string().describe('of the policy in force as it is with this year; `confirm` wants it'),
    country: z.string(),
    year: z.number().int(),
    off: z.number().int().describe('days off'),
    work: z.number().int().describe('make-up working days'),
    calendars: names,
    applied: z.boolean(),
    warnings: z.array(z.string()),
    effect: effectAnswer,
  })
  .describe('What the year would change or, with `confirm`, changes.');

/** `fastify` hands over bodies as text, and has zod's compilers. */
export function holidayRoutes(fastify: FastifyInstance, options: AppOptions): void {
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  const { policies, policy } = options;
  app.get(
    '/api/v1/holidays',
    {
      config: { access: 'view' as const },
      schema: {
        summary: 'Which years of holidays are known',
        querystring: noQuery,
        response: { 200: listAnswer },
      },
    },
    async () => ({
      calendars: coverageOf(policy(), Date.now()),
      added: (await policies.years()).map(year => ({
        ...year,
        calendars: calendarsOf(policy().calendars.values(), year.country),
      })),
    }),
  );
  app.post(
    '/api/v1/holidays',
    {
      config: { access: 'admin' as const, takes: takesHolidays },
      schema: {
        summary: 'Try a year of holidays, or add it',
        description:
          'The year as YAML or JSON: `country`, `year`, `off`, `work`. Without `confirm` it is only tried; with `confirm` = the hash that the trial told it is added, or replaces what is known of that year, for open cases too.',
        querystring: confirmQuery,
        response: { 200: trialAnswer, 400: errorAnswer, 409: errorAnswer, 503: errorAnswer },
      },
    },
    async (request, reply) => {
      const read = await readYear(options, String(request.body ?? ''));
      if (typeof read === 'string') return refuse(reply, 400, 'bad-holidays', read);
      const { year, next, warnings } = read;
      const { confirm } = request.query;
      if (confirm !== undefined && confirm !== next.hash) {
        const message = `With this year the policy has the hash ${next.hash}: try it first.`;
        return refuse(reply, 409, 'other-policy', message);
      }
      const answer = { ...describe(year, next), warnings };
      const isKept = (await policies.years()).some(kept => isSame(kept, year));
      if (isKept && next.hash === policy().hash)
        return reply.send({ ...answer, applied: true, effect: null });
      const effect = await effectOf(options, next);
      if (confirm !== undefined) await policies.addYear(year, request.principal?.name ?? 'admin');
      return reply.send({ ...answer, applied: confirm !== undefined, effect });
    },
  );
}

interface ReadYear {
  readonly year: AddedYear;
  /** The policy in force as it is with this year. */
  readonly next: CompiledPolicy;
  readonly warnings: string[];
}

/** A year, or what is wrong with it. */
async function readYear({ policies }: AppOptions, text: string): Promise<ReadYear | string> {
  const file = readHolidayFile(text, 'holidays');
  if (!file.ok) return file.errors.map(formatError).join('\n');
  const { year } = file;
  try {
    const next = await policies.withYear(year);
    const warnings = [...file.warnings];
    if (calendarsOf(next.calendars.values(), year.country).length === 0)
      warnings.push(
        `no calendar of the policy in force uses ${year.country}: the year is kept until one does`,
      );
    return { year, next, warnings };
  } catch (error) {
    if (error instanceof PolicyFileError) return error.message;
    throw error;
  }
}

function describe({ country, year, off, work }: AddedYear, { hash, calendars }: CompiledPolicy) {
  const users = calendarsOf(calendars.values(), country);
  return { hash, country, year, off: off.length, work: work.length, calendars: users };
}

function isSame(kept: KeptYear, { country, year, off, work }: AddedYear): boolean {
  if (kept.country !== country || kept.year !== year) return false;
  return JSON.stringify([kept.off, kept.work]) === JSON.stringify([off, work]);
}

function coverageOf({ calendars }: CompiledPolicy, now: number): z.input<typeof listAnswer>['calendars'] {
  const first = new Date(now).getUTCFullYear() - 1;
  return [...calendars.values()].flatMap(calendar => {
    const until = calendar.coveredUntil(now);
    if (until === null) return [];
    const years = Array.from({ length: YEARS_SHOWN }, (_, i) => first + i).filter(year => {
      const middle = Date.UTC(year, 6, 1);
      return calendar.uncoveredYear(middle, middle) === null;
    });
    return [{ calendar: calendar.name, country: calendar.country, coveredUntil: formatTime(until), years }];
  });
}
