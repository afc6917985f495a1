#!/bin/bash
# The floor of `npm run bench -- --boot`: binaries fetched, hashed and unpacked by curl, sha256sum and tar, all at once.
# usage: bench-boot-floor.sh FOLDER <LINES     a line: URL SHA256 [MEMBER…|-]; with members or - the file is a tar.gz that is unpacked
set -euo pipefail

folder=$1
one() { # URL SHA256 [MEMBER…]
  local url=$1 wanted=$2 name=${1##*/} found
  shift 2
  if [ $# = 0 ]; then found=$(curl -s "$url" | tee "$folder/$name" | sha256sum)
  else
    mkdir "$folder/$wanted"
    [ "$1" != - ] || shift
    found=$(curl -s "$url" | tee >(tar -xz -C "$folder/$wanted" "$@") | sha256sum)
  fi
  [ "${found%% *}" = "$wanted" ] || { echo "$url: SHA-256 $found" >&2; exit 1; }
}
while read -r -a line; do one "${line[@]}" & done
wait
