// Package policy owns the gate: what in a report blocks, what is only worth a
// warning, and how both are said to the developer.
//
// [Evaluate] turns findings and options into verdicts; [BlockMessage] and
// [Warnings] say them. The package decides by what a report holds and nothing
// else, so that a verdict can be made again from a saved report. It must not
// know how findings were made or how a message reaches a terminal.
package policy
