#!/bin/sh
# Installs Workforce EDI from this folder, without network and without administrator: sh install.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "${PYTHON:-}" ] && ! command -v "$PYTHON" >/dev/null 2>&1; then
  echo "install: there is no Python $PYTHON, as PYTHON names it; mend its path, or leave PYTHON out." >&2
  exit 1
fi
for python in "${PYTHON:-}" python@PYTHON@ python3; do
  if [ -n "$python" ] && command -v "$python" >/dev/null 2>&1; then
    exec "$python" -I "$here/install.py" "$@"
  fi
done
echo "install: no Python found; this bundle needs Python @PYTHON@. PYTHON=/path/to/python@PYTHON@ sh install.sh names one." >&2
exit 1
