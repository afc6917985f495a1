import { isJsonMap } from '../../tree/merge.ts';
import { type Conditions, needsGate, oneOf, type Refusal } from './kubelet-refusal.ts';
import { enabled, list, read, text } from './kubelet-subject.ts';
import { parseDuration, parseQuantity } from './kubelet-units.ts';

/** k8s.io/component-base/logs/api/v1 and tracing/api/v1. */
export const logConditions: Conditions = {
  logFormat: oneOf('logging.format', ['text', 'json'], 'text'),
  flushFrequency: ({ config }) => {
    const value = read(config, 'logging.flushFrequency');
    const flush = typeof value === 'string' ? parseDuration(value) : typeof value === 'number' ? value : undefined;
    return flush !== undefined && flush < 0
      ? { field: 'logging.flushFrequency', reason: 'it must be more than 0' }
      : undefined;
  },
  // Verbosity is not judged: the unit's own --v overrides it.
  vmodule: ({ config }) => {
    const modules = list(config, 'logging.vmodule');
    if (modules.length > 0 && text(config, 'logging.format', 'text') !== 'text')
      return { field: 'logging.vmodule', reason: 'logging.format must be text', with: ['logging.format'] };
    return modules.flatMap((entry, index): readonly Refusal[] => {
      const pattern = isJsonMap(entry) ? (entry.filePattern ?? '') : undefined;
      if (typeof pattern !== 'string' || (pattern !== '' && !/[=,]/.test(pattern))) return [];
      const path = ['logging', 'vmodule', index, 'filePattern'];
      return [
        { field: path.join('.'), value: `“${pattern}”`, path, reason: 'it must be a pattern without “=” and “,”' },
      ];
    });
  },
  // splitStream is not judged: the default of its flag overwrites it when the kubelet reads its command line again.
  logOptions: subject => {
    const fields = ['text', 'json'].map(format => `logging.options.${format}.infoBufferSize`);
    const used = fields.filter(field => parseQuantity(String(read(subject.config, field) ?? '0')) !== 0);
    return enabled(subject, 'LoggingAlphaOptions')
      ? undefined
      : used.map(field => needsGate(field, 'LoggingAlphaOptions'));
  },
  tracingEndpoint: ({ config }) => {
    const endpoint = text(config, 'tracing.endpoint');
    if (/\s/.test(endpoint)) return { field: 'tracing.endpoint', reason: 'it must not have a space' };
    if (!endpoint.includes('//')) return undefined;
    const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(endpoint)?.[1]?.toLowerCase();
    return ['dns', 'unix', 'unix-abstract'].includes(scheme ?? '')
      ? undefined
      : { field: 'tracing.endpoint', reason: 'its scheme must be dns, unix or unix-abstract, or none' };
  },
  logSize: ({ config }) => {
    const field = 'containerLogMaxSize';
    const size = parseQuantity(text(config, field, '10Mi'));
    return size !== undefined && Number.isInteger(size) && Math.abs(size) < 2 ** 63
      ? undefined
      : { field, reason: 'it must be a whole number of bytes, such as 10Mi' };
  },
};
