// Package plugin is docker-scan-build: the commands, from flags to exit codes.
//
// A build is buildx's own, run in process with a handler that scans between
// the frontend and the export. The build's flags are not copied: they are the
// flag set of buildx's own command, so they are the same by construction, and
// requests that build nothing (--call=check, bake --print) are handed to
// buildx's own command whole.
//
// The package must not know what LLB looks like (package frontend does), nor
// any format of packages or advisories (package scan does).
package plugin
