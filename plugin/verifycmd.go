package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/moby/buildkit/util/tracing"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/scan-build/scan-build/attest"
	"github.com/scan-build/scan-build/scan/config"
)

type verifyCommand struct {
	cli      command.Cli
	keys     []string
	maxAge   time.Duration
	maxDBAge time.Duration
	failOn   string
	onlyFix  bool
	strict   bool
	policies []string
	format   string
}

func newVerifyCommand(dockerCli command.Cli, _ environment) *cobra.Command {
	v := &verifyCommand{cli: dockerCli}
	cmd := &cobra.Command{
		Use:                   "verify --key FILE [OPTIONS] IMAGE...",
		Short:                 "Check the signed scan attestations of images before they are deployed",
		Args:                  cli.RequiresMinArgs(1),
		RunE:                  v.run,
		DisableFlagsInUseLine: true,
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&v.keys, "key", nil, "`FILE` of a trusted cosign public key; repeatable, one of them must have signed")
	fs.DurationVar(&v.maxAge, "max-age", 24*time.Hour, "Refuse a scan that finished longer ago than this, 0 accepts any")
	fs.DurationVar(&v.maxDBAge, "max-db-age", 120*time.Hour, "Refuse a scan whose vulnerability database was older than this now, 0 accepts any")
	fs.StringVar(&v.failOn, "fail-on", "high", "Refuse findings of this `SEVERITY` and above, none accepts any")
	fs.BoolVar(&v.onlyFix, "only-fixed", false, "Refuse only findings for which a fixed version exists")
	fs.BoolVar(&v.strict, "strict", false, "Count findings too that the signed policy has accepted by an exception, VEX or grace period")
	fs.StringArrayVar(&v.policies, "policy", nil, "`DIGEST` of a policy, or oci://IMAGE@DIGEST, that the build must have extended; repeatable")
	fs.StringVar(&v.format, "format", "text", "Output `FORMAT`: text or json")
	return cmd
}

func (v *verifyCommand) run(cmd *cobra.Command, images []string) error {
	opts, err := v.options()
	if err != nil {
		return err
	}
	results := []*attest.Result{} // an empty list in JSON, not null
	var worst error
	rejected := 0
	for _, image := range images {
		span, ctx := tracing.StartSpan(cmd.Context(), "verify", trace.WithAttributes(attribute.String("image", image)))
		res, err := attest.Verify(ctx, image, opts)
		tracing.FinishWithError(span, err)
		if res != nil {
			results = append(results, res)
			if v.format == "text" {
				printResult(v.cli.Out(), res)
			}
		}
		if attest.ClassOf(err) == attest.ClassRejected {
			rejected++
		}
		if err = attestError(err); ExitCode(err) > ExitCode(worst) {
			worst = err
		}
	}
	if ExitCode(worst) == exitBlocked { // the result has said why
		worst = withCode(exitBlocked, errors.Errorf("%d of %d images rejected", rejected, len(images)))
	}
	if v.format == "json" {
		enc := json.NewEncoder(v.cli.Out())
		enc.SetIndent("", "  ")
		if err := enc.Encode(results); err != nil {
			return err
		}
	}
	return worst
}

func (v *verifyCommand) options() (attest.VerifyOptions, error) {
	o := attest.VerifyOptions{Registry: registry(), FailOn: v.failOn, OnlyFixed: v.onlyFix, Strict: v.strict, MaxAge: v.maxAge, MaxDBAge: v.maxDBAge}
	if v.format != "text" && v.format != "json" {
		return o, errors.Errorf("--format: unknown format %q, want text or json", v.format)
	}
	if _, err := config.ParseThreshold(v.failOn); err != nil {
		return o, errors.Wrap(err, "--fail-on")
	}
	for _, p := range v.policies {
		d := digest.Digest(p[strings.LastIndexByte(p, '@')+1:])
		if err := d.Validate(); err != nil {
			return o, errors.Errorf("--policy %s: want a digest, sha256:…, or oci://IMAGE@sha256:…", p)
		}
		o.Policies = append(o.Policies, d.String())
	}
	if len(v.keys) == 0 {
		return o, errors.New("--key is missing: the public key to trust, e.g. cosign.pub")
	}
	keys, err := publicKeys(v.keys)
	o.Keys = keys
	return o, err
}

// publicKeys reads the keys to trust.
func publicKeys(files []string) ([]attest.PublicKey, error) {
	var keys []attest.PublicKey
	for _, file := range files {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, withCode(exitScanFailed, errors.Wrap(err, "failed to read the public key"))
		}
		key, err := attest.LoadPublicKey(pem)
		if err != nil {
			return nil, withCode(exitScanFailed, errors.Wrapf(err, "--key %s", file))
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// printResult shows what was checked, a line each.
func printResult(w io.Writer, r *attest.Result) {
	fmt.Fprintf(w, "%s\n%s\n", r.Image, r.Digest)
	for _, s := range r.Subjects {
		name := s.Platform
		if name == "" {
			name = "image index"
		}
		fmt.Fprintf(w, "\n  %s %s\n", name, s.Digest)
		for _, c := range s.Checks {
			mark := "ok  "
			if !c.OK {
				mark = "FAIL"
			}
			fmt.Fprintf(w, "    %s %-10s %s\n", mark, c.Name, c.Detail)
		}
		for _, n := range s.Notes {
			fmt.Fprintf(w, "    note %s\n", n)
		}
	}
	fmt.Fprintln(w)
}
