// Package config owns the options of a scan: what they are called on each of
// the three roads they come by, how they are read, and which one wins.
//
// The roads are the file .scan-build.yaml beside the Dockerfile, build
// arguments (--build-arg SCAN_FAIL_ON=…) and the plugin's flags (--fail-on …).
// Each option is declared once, in [All]; names, validation, help and
// documentation of all roads are derived from that declaration.
//
//	file, err := config.ParseYAML(".scan-build.yaml", data)
//	args, err := config.FromBuildArgs(buildArgs)
//	opts, err := config.Merge(file, args, flags).Options()
//
// The package does no I/O and must not know who reads the file, what a
// database reference leads to, or how a verdict is made.
package config
