package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/docker/buildx/build"
	"github.com/docker/buildx/builder"
	"github.com/docker/buildx/commands"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/buildx/util/progress"
	"github.com/docker/cli/cli/command"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// defaultTarget is buildx's name for the target of a build without bake.
const defaultTarget = "default"

// wrapped is a command of buildx's with the scan's flags added.
type wrapped struct {
	cli    command.Cli
	env    environment
	buildx *cobra.Command
	flags  *buildFlags
	scan   *scanFlags
	// builder reads --builder.
	builder func() string
}

// wrap gives cmd the flags of a command of buildx's, and those of a scan.
func wrap(cmd, buildx *cobra.Command, dockerCli command.Cli, env environment, builder *pflag.Flag) wrapped {
	return wrapped{
		cli:     dockerCli,
		env:     env,
		buildx:  buildx,
		flags:   adoptBuildFlags(cmd, buildx),
		scan:    addScanFlags(cmd.Flags()),
		builder: flagValue(builder),
	}
}

// buildCommand is one run of `docker-scan-build PATH`.
type buildCommand struct{ wrapped }

func (b *buildCommand) run(cmd *cobra.Command, args []string) error {
	call, err := b.flags.call()
	if err != nil {
		return err
	}
	if call != nil && call.Name != "scan" {
		return b.delegate(cmd, args)
	}
	opts, err := b.flags.options(args[0], b.builder())
	if err != nil {
		return err
	}
	s, err := b.scan.prepare(b.env)
	if err != nil {
		return beforeRun(err)
	}
	defer s.cleanup()
	if call != nil {
		if err := reportInstead(opts, s, call); err != nil {
			return err
		}
	}
	signer, err := b.scan.sign.prepare(b.env, pushes(opts.ExportPush, opts.Exports))
	if err != nil {
		return err
	}
	return b.build(cmd.Context(), opts, s, signer)
}

// delegate runs buildx's own command: nothing is built, so nothing is scanned.
func (w wrapped) delegate(cmd *cobra.Command, args []string) error {
	if logFrom(cmd.Context()) != nil {
		if err := w.flags.Set("progress", "quiet"); err != nil {
			return err
		}
	}
	return w.buildx.RunE(cmd, args)
}

// reportInstead turns a build into --call=scan: its report on standard output
// in place of an image.
func reportInstead(opts *commands.BuildOptions, s *setup, call *buildflags.CallFunc) error {
	format := "table"
	if call.Format != "" {
		format = call.Format
	}
	opts.ExportPush, opts.ExportLoad = false, false
	opts.Exports = []*buildflags.ExportEntry{{Type: "cacheonly"}}
	return s.addReport(format + "=-")
}

func (b *buildCommand) build(ctx context.Context, opts *commands.BuildOptions, s *setup, signer *imageSigner) error {
	mode, quiet, err := displayMode(b.flags.text("progress"), b.flags.set("quiet"))
	if err != nil {
		return err
	}
	log := logFrom(ctx)
	if mode, err = log.display(mode); err != nil {
		return err
	}
	idFile := b.flags.text("iidfile")
	if idFile != "" { // a stale one must not outlive a failure
		if err := os.Remove(idFile); err != nil && !os.IsNotExist(err) {
			return errors.Wrap(err, "removing image ID file")
		}
	}
	printer, err := b.printer(ctx, mode, opts.ContextPath)
	if err != nil {
		return err
	}
	if opts.NamedContexts == nil {
		opts.NamedContexts = map[string]string{}
	}
	for name, path := range s.contexts {
		opts.NamedContexts[name] = path
	}
	for k, v := range s.args {
		opts.BuildArgs[k] = v
	}
	if name, branch := branchArg(ctx, b.env, opts.ContextPath, opts.BuildArgs); branch != "" {
		opts.BuildArgs[name] = branch
	}
	h := newHandler(map[string]build.Options{defaultTarget: {}})
	h.configure(s, b.env.version)
	h.log = log
	log.emit(buildStarted{Command: "build", Targets: []string{defaultTarget}, Version: b.env.version})
	resp, _, err := commands.RunBuild(ctx, b.cli, opts, b.cli.In(), &calmWriter{printer, newStepLog(log)}, &build.Handler{Evaluate: h.evaluate})
	if werr := printer.Wait(); err == nil {
		err = werr
	}
	if err := h.end(NewScreen(b.cli.Err(), b.env.lookup), interrupted(ctx, err), mode); err != nil {
		return err
	}
	if carries, known := carriesAttestations(resp.ExporterResponse, exportsFiles(opts.Exports)); known && !carries && len(s.reports) == 0 && !quiet {
		fmt.Fprint(b.cli.Err(), noAttestations)
	}
	out := outputs{imageIDFile: idFile, metadataFile: b.flags.text("metadata-file")}
	if err := out.write(resp.ExporterResponse, printer.Warnings()); err != nil {
		return err
	}
	if quiet {
		fmt.Fprintln(b.cli.Out(), imageID(resp.ExporterResponse))
	}
	if msg := resp.ExporterResponse["frontend.result.inlinemessage"]; msg != "" {
		fmt.Fprintf(b.cli.Out(), "\n%s\n", msg)
	}
	responses := map[string]map[string]string{defaultTarget: resp.ExporterResponse}
	if pushes(opts.ExportPush, opts.Exports) {
		log.pushed(responses)
	}
	return signer.sign(ctx, responses)
}

func (b *buildCommand) printer(ctx context.Context, mode progressui.DisplayMode, contextPath string) (*progress.Printer, error) {
	if abs, err := filepath.Abs(contextPath); err == nil {
		contextPath = abs
	}
	bd, err := builder.New(b.cli, builder.WithName(b.builder()), builder.WithContextPathHash(contextPath))
	if err != nil {
		return nil, err
	}
	if _, err := bd.LoadNodes(ctx); err != nil {
		return nil, err
	}
	// The display outlives a cancelled build, to show how it ended.
	return newPrinter(context.WithoutCancel(ctx), mode, bd.Driver, bd.Name)
}

// pushes reports whether a build's outputs include a push to a registry.
func pushes(push bool, exports []*buildflags.ExportEntry) bool {
	for _, e := range exports {
		push = push || e.Type == "registry" || e.Attrs["push"] == "true"
	}
	return push
}

// exportsFiles reports whether a build was asked for an output at all.
func exportsFiles(exports []*buildflags.ExportEntry) bool {
	return slices.ContainsFunc(exports, func(e *buildflags.ExportEntry) bool { return e.Type != "cacheonly" })
}

// imageID is the identifier that buildx prints for an export.
func imageID(resp map[string]string) string {
	if v, ok := resp[exptypes.ExporterImageConfigDigestKey]; ok {
		return v
	}
	return resp[exptypes.ExporterImageDigestKey]
}
