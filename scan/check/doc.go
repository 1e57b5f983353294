// Package check owns the catalogue of configuration checks: what about an
// image's configuration, files, base image and Dockerfile is a weakness, how bad
// it is, what to do about it, and which controls of compliance frameworks it
// serves.
//
// A check is a value; [All] lists them, and the documentation (CHECKS.md) is
// generated from the list. [Evaluate] applies the checks of a report's facts,
// [Instructions] those of a Dockerfile's text. [Assess] says for each control of
// [Frameworks] what the results mean for it.
//
// The package decides by what it is given and nothing else, not even the clock:
// it reads no files, knows no registry and no Dockerfile syntax beyond the text of
// an instruction. Whether a finding blocks is the policy's decision.
package check
