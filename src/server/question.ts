// What a request asks in its path and its query: checked by the route's zod schema, refused in words that name the parameter,
// what was expected of it and what was found. A parameter that no schema knows is refused: a misspelt filter must not
// answer with everything.
import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { nearest } from '../policy/nearest.ts';

const FOUND_SHOWN_MAX = 100;

/** The query of a path that takes no parameters. */
export const noQuery = z.object({});

/** Fastify's compiler for `params` and `querystring`; both are flat objects of texts. */
export const checkQuestion: FastifySchemaCompiler<z.ZodObject> = ({ schema, httpPart }) => {
  return (asked: Readonly<Record<string, unknown>>) => {
    const unknown = httpPart === 'querystring' ? unknownIn(asked, Object.keys(schema.shape)) : [];
    const result = schema.safeParse(asked);
    if (result.success && unknown.length === 0) return { value: result.data };
    const wrong = result.success ? [] : result.error.issues.map(issue => sentence(issue, asked));
    return { error: new Error([...unknown, ...wrong].join('; ')) };
  };
};

function unknownIn(asked: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.keys(asked).flatMap(name => {
    if (known.includes(name)) return [];
    const near = nearest(name, known);
    const takes = known.length === 0 ? 'this path takes none' : `known are ${known.join(', ')}`;
    return [`there is no parameter ${shown(name)}; ${near === null ? takes : `did you mean ${near}?`}`];
  });
}

function sentence(issue: z.core.$ZodIssue, asked: Readonly<Record<string, unknown>>): string {
  const [name = ''] = issue.path;
  const found = asked[String(name)];
  return `${String(name)}: expected ${expectedOf(issue, found)}, found ${shown(found)}`;
}

function expectedOf(issue: z.core.$ZodIssue, found: unknown): string {
  if (Array.isArray(found)) return 'one value';
  switch (issue.code) {
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return issue.expected === 'string' ? 'a text' : 'a whole number';
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_small':
      return `at least ${issue.minimum}`;
    default:
      return issue.message;
  }
}

function shown(found: unknown): string {
  const text = JSON.stringify(found) ?? 'nothing';
  return text.length > FOUND_SHOWN_MAX ? `${text.slice(0, FOUND_SHOWN_MAX)}…` : text;
}
