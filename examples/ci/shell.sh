#!/bin/sh
# Build, scan and push an image from any CI, or by hand, in POSIX shell.
#
#   IMAGE=registry.example.com/shop:1 shell.sh [OPTIONS OF A BUILD] PATH
#
# REPORTS is the folder for reports, scan-reports by default. With COSIGN_KEY, the
# file of a private key, the image is signed. The exit code is docker-scan-build's:
#
#   0    built, scanned and pushed: nothing blocks
#   1    the build failed, or an option makes no sense
#   2    the policy blocks: nothing was pushed, the findings are in the reports
#   3    the scan, a report or a signature could not be made: nothing is known about
#        the image, so nothing was pushed (only a signature comes after the push)
#   130  interrupted
set -eu

: "${IMAGE:?the image to push, e.g. registry.example.com/shop:1}"
reports=${REPORTS:-scan-reports}
[ $# -gt 0 ] || set -- .
if [ -n "${COSIGN_KEY:-}" ]; then
	set -- --sign --key "$COSIGN_KEY" "$@"
fi
mkdir -p "$reports"

status=0
docker-scan-build --push --tag "$IMAGE" \
	--report "json=$reports/scan.json" \
	--report "sarif=$reports/scan.sarif" \
	--report "markdown=$reports/scan.md" \
	"$@" || status=$?

case $status in
0) echo "$IMAGE is pushed" ;;
2) echo "$IMAGE is blocked: see $reports/scan.md" >&2 ;;
3) echo "$IMAGE could not be scanned or signed: this is not about the image; mend it and run again" >&2 ;;
130) echo "interrupted" >&2 ;;
*) echo "$IMAGE could not be built" >&2 ;;
esac
exit "$status"
