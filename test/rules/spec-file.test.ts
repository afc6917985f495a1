import { describe } from 'vitest';
import { provokes } from '../support/provoke.ts';

const only = true;
const file = 'cluster.yaml';

describe('the file', () => {
  provokes('SPEC_FILE_UNREADABLE', 'it is not there', c => c.remove(file), { at: file, only });
  provokes('SPEC_FILE_UNREADABLE', 'pins.yaml is a folder', c => {
    c.remove('pins.yaml');
    c.write('pins.yaml/file', '');
  });
  provokes('SPEC_FILE_ENCODING', 'it is UTF-16', c => c.write(file, Buffer.from(`\ufeff${c.read(file)}`, 'utf16le')), {
    only,
  });
  provokes(
    'SPEC_FILE_ENCODING',
    'it has NUL bytes',
    c => c.edit(file, text => text.replace('from-scratch', 'from\0scratch')),
    { only },
  );
  provokes(
    'SPEC_FILE_ENCODING',
    'it is Latin 1',
    c => c.write(file, Buffer.from('cluster: {name: caf\xe9}\n', 'latin1')),
    { only },
  );
  provokes('SPEC_FILE_EMPTY', 'no byte', c => c.write(file, ''), { at: file, only });
  provokes('SPEC_FILE_EMPTY', 'only comments', c => c.write(file, '# later\n'), { only });
});

describe('its YAML', () => {
  provokes(
    'SPEC_YAML_SYNTAX',
    'a bracket is not closed',
    c => c.edit(file, text => text.replace('[10.32.0.10]', '[10.32.0.10')),
    { only },
  );
  provokes(
    'SPEC_YAML_SYNTAX',
    'a tag of another tool',
    c => c.edit(file, text => text.replace('10.32.0.0/24', '!Ref Services')),
    {
      at: `${file}:9:16`,
      only,
    },
  );
  provokes(
    'SPEC_YAML_DUPLICATE_KEY',
    'two workers have one name',
    c => c.edit(file, text => text.replace('worker-1:', 'worker-0:')),
    {
      at: `${file}:29:3`,
      only,
    },
  );
  provokes(
    'SPEC_YAML_ALIAS',
    'an anchor and its alias',
    c => c.edit(file, text => text.replace('[10.32.0.10]', '&dns [10.32.0.10]')),
    {
      at: `${file}:8:13`,
      only,
    },
  );
  provokes(
    'SPEC_YAML_SEVERAL_DOCUMENTS',
    'a second cluster follows',
    c => c.edit(file, text => `${text}---\nversion: 1\n`),
    {
      at: `${file}:30:1`,
      only,
    },
  );
  provokes(
    'SPEC_YAML_SEVERAL_DOCUMENTS',
    'in pins.yaml',
    c => c.edit('pins.yaml', text => `${text}---\nversion: 1\n`),
    { at: 'pins.yaml' },
  );
  provokes('SPEC_YAML_TAB', 'a line is indented with a tab', c =>
    c.edit(file, text => text.replace('  name:', '\tname:')),
  );
});

describe('its fields', () => {
  provokes(
    'SPEC_UNKNOWN_FIELD',
    'a slip of the pen',
    c => c.edit(file, text => text.replace('serviceCidr', 'servicecidr')),
    {
      at: `${file}:9:3`,
    },
  );
  provokes(
    'SPEC_MISSING_FIELD',
    'no service range',
    c => c.edit(file, text => text.replace(/ {2}serviceCidr.*\n/, '')),
    { only },
  );
  provokes(
    'SPEC_MISSING_FIELD',
    'no version of Kubernetes',
    c =>
      c.spec(spec => {
        delete spec.versions.kubernetes;
      }),
    { only },
  );
  provokes('SPEC_MISSING_FIELD', 'a pin without URL', c =>
    c.edit('pins.yaml', text => text.replace(/ +url: https:\/\/dl.k8s.io\/v1.36.1\/bin\/linux\/amd64\/kubelet\n/, '')),
  );
  provokes(
    'SPEC_WRONG_TYPE',
    'a version that YAML reads as a number',
    c => c.edit(file, text => text.replace('crictl: 1.36.0', 'crictl: 1.36')),
    {
      at: `${file}:15:11`,
      only,
    },
  );
  provokes('SPEC_WRONG_TYPE', 'a number for a URL', c =>
    c.edit('pins.yaml', text => text.replace('https://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet', '7')),
  );
  provokes(
    'SPEC_INVALID_VALUE',
    'an address of three octets',
    c => c.edit(file, text => text.replace('10.0.1.20', '10.0.1')),
    {
      at: `${file}:28:25`,
      only,
    },
  );
  provokes('SPEC_INVALID_VALUE', 'a range whose address is not its first', c =>
    c.edit(file, text => text.replace('10.0.1.0/24', '10.0.1.5/24')),
  );
  provokes('SPEC_VERSION', 'a later format', c => c.edit(file, text => text.replace('version: 1', 'version: 2')), {
    at: `${file}:3:10`,
    only,
  });
  provokes('SPEC_WORKER_NAME', 'an underscore', c => c.edit(file, text => text.replace('worker-0:', 'worker_0:')), {
    at: `${file}:28:3`,
    only,
  });
  provokes(
    'SPEC_WORKER_NAME',
    '64 letters',
    c => c.edit(file, text => text.replace('worker-0:', `${'w'.repeat(64)}:`)),
    { only },
  );
  provokes(
    'SPEC_PATH_ESCAPES',
    'the CA of another folder',
    c =>
      c.spec(spec => {
        spec.pki.ca = '../ca.pem';
      }),
    { only },
  );
});
