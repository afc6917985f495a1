import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { likelyAccelerator } from '../../src/local/qemu/start-machine.ts';

function cpuinfo(flags: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'cpuinfo');
  fs.writeFileSync(file, `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: none\n`);
  return file;
}

function mayOpenKvm(): boolean {
  try {
    fs.closeSync(fs.openSync('/dev/kvm', 'r+'));
    return true;
  } catch {
    return false;
  }
}

test('a processor without virtualization emulates, whatever /dev/kvm is', () => {
  expect(likelyAccelerator('amd64', cpuinfo('fpu sse2 avx2'))).toBe('tcg');
  expect(likelyAccelerator('amd64', '/nonexistent')).toBe('tcg');
});

test('another architecture is emulated', () => {
  expect(likelyAccelerator(process.arch === 'arm64' ? 'amd64' : 'arm64', cpuinfo('vmx'))).toBe('tcg');
});

test.each(['fpu vmx sse2', 'fpu svm'])('with %s it is KVM for who may open its device', flags => {
  const possible = process.arch === 'x64' && mayOpenKvm();
  expect(likelyAccelerator('amd64', cpuinfo(flags))).toBe(possible ? 'kvm' : 'tcg');
});
