#!/bin/sh
# Installs strict-s3 in an environment of its own; the options of the feature are SOURCE and BUCKET.
set -eu
prefix="${PREFIX:-/usr/local/lib/strict-s3}"
python3 -m venv "$prefix"
"$prefix/bin/pip" install --no-cache-dir "${SOURCE:-strict-s3}"
cat > "$prefix/start" <<START
#!/bin/sh
# starts S3 unless it runs
"$prefix/bin/strict-s3" health && exit
STRICT_S3_BUCKET="${BUCKET:-uploads}" nohup "$prefix/bin/strict-s3" > /tmp/strict-s3.log 2>&1 &
START
chmod +x "$prefix/start"
