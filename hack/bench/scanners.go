package main

import (
	"context"
	"time"

	"github.com/pkg/errors"
)

// scanner is another program that finds vulnerabilities, in an image that was
// pushed. It uses the database that it finds on this machine.
type scanner struct {
	name string
	args []string // the image follows
	env  []string
}

// findScanners returns those that are on the PATH of this run.
func findScanners(s *side) []scanner {
	var out []scanner
	for _, c := range []scanner{
		{"trivy", []string{"trivy", "image", "--quiet", "--insecure", "--scanners", "vuln", "--skip-db-update", "--skip-java-db-update", "--format", "json", "--output", "/dev/null"}, nil},
		{"grype", []string{"grype", "--quiet", "--output", "json", "--file", "/dev/null"}, []string{
			"GRYPE_CHECK_FOR_APP_UPDATE=false", "GRYPE_DB_AUTO_UPDATE=false", "GRYPE_DB_VALIDATE_AGE=false", "GRYPE_REGISTRY_INSECURE_USE_HTTP=true",
		}},
	} {
		path, err := program(s.env, c.name)
		if err != nil {
			continue
		}
		c.args[0] = path
		out = append(out, c)
	}
	return out
}

// maxScan bounds a scanner that waits for something that this machine lacks.
const maxScan = time.Minute

// scan takes the time of a scan of the image that the side pushed last.
func (c scanner) scan(ctx context.Context, s *side, w *workload) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxScan, errors.Errorf("%s took more than %s", c.name, maxScan))
	defer cancel()
	image := s.registry + "/" + w.name + ":bench"
	if c.name == "grype" {
		image = "registry:" + image
	}
	started := time.Now()
	_, err := output(ctx, append(s.env[:len(s.env):len(s.env)], c.env...), append(c.args[:len(c.args):len(c.args)], image)...)
	return time.Since(started), err
}
