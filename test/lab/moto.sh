#!/bin/bash
# Installs moto's server (an EC2, S3, SSM and STS in Python) from PyPI into LAB/moto, unless it is there already.
# usage: moto.sh     LAB defaults to ~/.cache/firstboot-lab; needs python3 and its venv
set -euo pipefail

VERSION=5.2.5
folder=${LAB:-$HOME/.cache/firstboot-lab}/moto
installed=$("$folder/bin/python" -c 'import importlib.metadata; print(importlib.metadata.version("moto"))' 2>/dev/null || true)
if [ "$installed" = $VERSION ]; then
  echo "moto $VERSION: there already"
  exit 0
fi
start=$SECONDS
python3 -m venv --clear "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$VERSION"
echo "moto $VERSION: installed in $((SECONDS - start)) s"
