import fs from 'node:fs';
import path from 'node:path';
import ruff from '@astral-sh/ruff-wasm-nodejs';
import { expect, test } from 'vitest';
import { bootScript } from '../src/compile/boot-script.ts';
import { root } from './support/cluster.ts';

const script = (modules: Readonly<Record<string, string>>) => bootScript(new Map(Object.entries(modules)));

test('modules become one script: what is imported comes first and once, comments and annotations go', () => {
  const modules = {
    __main__: '"""The start."""\n\nimport json\n\nfrom work import go\n\ngo("now", json)\n',
    work: `from typing import Any, Dict, List
from urllib.request import urlopen

import json
from base import Problem, ROOT

seen: Dict[str, List[str]] = {}  # by name


def go(name: str, how: Any = ("x", 1), *more: Dict[str, List[int]]) -> List[Dict[str, int]]:
    """Goes."""
    # A reason.
    if name:
        url = f"a # b: {name}"
        raise Problem(url)
`,
    base: 'import os\nfrom urllib.request import Request\n\nROOT = os.sep\n\n\nclass Problem(Exception):\n    """Why."""\n',
  };
  expect(script(modules)).toBe(`from urllib.request import Request, urlopen
import json, os
ROOT = os.sep
class Problem(Exception):
 """Why."""
seen = {}
def go(name, how=("x", 1), *more):
 if name:
  url = f"a # b: {name}"
  raise Problem(url)
go("now", json)
`);
});

test('the boot program as one script: sound Python that misses no name and repeats none', () => {
  const folder = path.join(root, 'cloud-init/firstboot');
  const names = fs.readdirSync(folder).filter(name => name.endsWith('.py'));
  const compiled = script(
    Object.fromEntries(names.map(name => [name.slice(0, -3), fs.readFileSync(path.join(folder, name), 'utf8')])),
  );
  const options = { 'target-version': 'py39', lint: { select: ['F'] } };
  const workspace = new ruff.Workspace(options, ruff.PositionEncoding.Utf16);
  expect(workspace.check(compiled)).toEqual([]);
  expect(compiled).not.toMatch(/typing|"""|^from (node|fetch|report|worker) |-> /m);
  expect(workspace.check(compiled.replace('import hmac, ', 'import ')).length).toBeGreaterThan(0);
  const globals = [...compiled.matchAll(/^(?:def |class )(\w+)|^(\w+) = /gm)].map(match => match[1] ?? match[2]);
  expect(globals.filter((name, index) => globals.indexOf(name) !== index)).toEqual(['native']);
});
