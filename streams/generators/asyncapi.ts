// The AsyncAPI 3 document: every subject that other programs write or read, with the schemas beside it.
import { ENTITIES, type Entity } from '../../src/contract/event.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import { REJECT_REASONS } from '../../src/contract/reject.ts';
import { typesOf } from './schemas.ts';
import { type Generator, json } from './types.ts';

const SCHEMA_FORMAT = 'application/schema+json;version=draft-07';

export const asyncapiGenerators: readonly Generator[] = [
  { path: 'streams/asyncapi.json', make: () => json(asyncapi()) },
];

function asyncapi(): object {
  const kinds = Object.keys(RECORD_SCHEMAS);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'sla-monitor',
      version: '1.0.0',
      description:
        'Events that service systems publish, and what the monitor finds. All on NATS JetStream; times are RFC 3339.',
    },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(ENTITIES.map(entity => [`${entity}Events`, eventChannel(entity)])),
      records: {
        address: 'sla.records.{kind}.{partition}',
        description: 'What the monitor found, kept for 3 years in SLA_RECORDS.',
        parameters: { kind: { enum: kinds }, partition: { description: 'Number of the partition, from 0' } },
        messages: Object.fromEntries(kinds.map(kind => [`${kind}Record`, message(`record.${kind}`)])),
      },
      rejects: {
        address: 'sla.rejects.{reason}',
        description: 'The raw bytes of what could not be used, kept in SLA_REJECTS.',
        parameters: { reason: { enum: [...REJECT_REASONS] } },
        messages: { reject: message('reject') },
      },
      actions: {
        address: 'sla.actions.{action}',
        description: 'What other systems should act on, kept in SLA_ACTIONS.',
        parameters: { action: { description: 'Such as special-investigation' } },
        messages: { action: message('record.action') },
      },
    },
    operations: {
      ...Object.fromEntries(
        ENTITIES.map(entity => [
          `receive${capital(entity)}Events`,
          { action: 'receive', channel: { $ref: `#/channels/${entity}Events` } },
        ]),
      ),
      sendRecords: { action: 'send', channel: { $ref: '#/channels/records' } },
      sendRejects: { action: 'send', channel: { $ref: '#/channels/rejects' } },
      sendActions: { action: 'send', channel: { $ref: '#/channels/actions' } },
    },
    components: { messages: messages(kinds) },
  };
}

function eventChannel(entity: Entity): object {
  return {
    address: `cc.events.${entity}.{case}`,
    description: `Events of one ${entity}; the server maps them onto the partition of the case.`,
    parameters: {
      case: {
        description:
          'The id, with the UTF-8 bytes 00–20, 7F, %, *, . and > as %XX (upper case); at most 200 bytes',
      },
    },
    messages: Object.fromEntries(typesOf(entity).map(type => [type, message(type)])),
  };
}

function messages(kinds: readonly string[]): Record<string, object> {
  const out: Record<string, object> = {};
  for (const entity of ENTITIES) {
    for (const type of typesOf(entity)) {
      out[type] = {
        name: type,
        title: type,
        contentType: 'application/cloudevents+json',
        payload: schema(`${entity}.json#/definitions/${type}`),
      };
    }
  }
  for (const kind of kinds) {
    out[`record.${kind}`] = {
      name: `record.${kind}`,
      title: `${kind} record`,
      payload: schema(`record-${kind}.json`),
    };
  }
  out.reject = {
    name: 'reject',
    title: 'What could not be used, as it came',
    contentType: 'application/octet-stream',
    headers: {
      type: 'object',
      properties: {
        'Sla-Source-Subject': { type: 'string', description: 'The subject that it was stored under' },
        'Sla-Source-Stream': { type: 'string', description: 'The stream that it lies in' },
        'Sla-Source-Sequence': { type: 'string', description: 'Its sequence in that stream' },
        'Sla-Detail': { type: 'string', description: 'Which field was wrong, and what was expected' },
      },
    },
    payload: {},
  };
  return out;
}

function schema(path: string): object {
  return { schemaFormat: SCHEMA_FORMAT, schema: { $ref: `./schemas/${path}` } };
}

function message(name: string): object {
  return { $ref: `#/components/messages/${name}` };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
