// Package frontend scans a build where it happens: it puts an analyze operation
// beside every layer of a build's result, matches and judges what they find,
// and stops the build or attaches the attestations.
//
// [Builder] is the build function of the frontend image; [Scan], [Gate] and
// [Outcome.Attach] are the same steps for a client that scans a result of any
// frontend. Both read their options with [ReadOptions].
//
// The package knows LLB and Dockerfile lines (in package graph). It must not
// know how packages are found in files or advisories matched: that is done by
// the binaries it runs inside the build, whose documents package scan defines.
// Nor does it know signing.
package frontend
