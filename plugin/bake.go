package plugin

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/docker/buildx/bake"
	"github.com/docker/buildx/build"
	"github.com/docker/buildx/builder"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/buildx/util/confutil"
	"github.com/docker/buildx/util/dockerutil"
	"github.com/docker/buildx/util/dockerutil/dockerconfig"
	"github.com/docker/buildx/util/progress"
	"github.com/docker/buildx/util/urlutil"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan/report"
)

// bakeCommand is one run of `docker-scan-build bake`.
type bakeCommand struct{ wrapped }

func (b *bakeCommand) run(cmd *cobra.Command, args []string) error {
	call, err := b.flags.call()
	if err != nil {
		return err
	}
	if b.describes() || call != nil && call.Name != "scan" {
		return b.delegate(cmd, args)
	}
	s, err := b.scan.prepare(b.env)
	if err != nil {
		return beforeRun(err)
	}
	defer s.cleanup()
	ctx := cmd.Context()
	nodes, printer, mode, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = printer.Wait() }()
	targets, printer, err := b.targets(ctx, nodes, printer, args)
	if err != nil {
		return err
	}
	if err := readCalls(targets); err != nil {
		return err
	}
	if call != nil {
		for k, t := range targets {
			t.Exports, t.CallFunc = []client.ExportEntry{{Type: "cacheonly"}}, nil
			targets[k] = t
		}
		if err := s.addReport(cmp.Or(call.Format, "table") + "=-"); err != nil {
			return err
		}
	}
	if err := report.CheckNames(s.reports, slices.Sorted(maps.Keys(targets))); err != nil {
		return err
	}
	signer, err := b.scan.sign.prepare(b.env, bakePushes(targets))
	if err != nil {
		return err
	}
	for k, t := range targets {
		t.Inputs.NamedContexts, t.BuildArgs = maps.Clone(t.Inputs.NamedContexts), maps.Clone(t.BuildArgs)
		s.inject(&t)
		if name, branch := branchArg(ctx, b.env, t.Inputs.ContextPath, t.BuildArgs); branch != "" {
			t.BuildArgs[name] = branch
		}
		targets[k] = t
	}
	return b.build(ctx, nodes, targets, s, signer, printer, mode)
}

// describes reports whether the run only shows what would be built.
func (b *bakeCommand) describes() bool {
	return b.flags.set("print") || b.flags.text("list") != "" || b.flags.set("list-targets") || b.flags.set("list-variables")
}

func (b *bakeCommand) open(ctx context.Context) ([]builder.Node, *progress.Printer, progressui.DisplayMode, error) {
	mode, _, err := displayMode(b.flags.text("progress"), false)
	if err != nil {
		return nil, nil, "", err
	}
	if mode, err = logFrom(ctx).display(mode); err != nil {
		return nil, nil, "", err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, nil, "", errors.Wrap(err, "failed to get current working directory")
	}
	bd, err := builder.New(b.cli, builder.WithName(b.builder()), builder.WithContextPathHash(wd))
	if err != nil {
		return nil, nil, "", err
	}
	nodes, err := bd.LoadNodes(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	printer, err := newPrinter(context.WithoutCancel(ctx), mode, bd.Driver, bd.Name)
	return nodes, printer, mode, err
}

// targets reads the definition and makes the options of each target, with the
// permissions that buildx asks for. Asking stops the display; a new one follows.
func (b *bakeCommand) targets(ctx context.Context, nodes []builder.Node, printer *progress.Printer, args []string) (map[string]build.Options, *progress.Printer, error) {
	url, cmdContext, names := splitBakeArgs(args)
	files, input, err := b.files(ctx, nodes, url, printer)
	if err != nil {
		return nil, printer, err
	}
	ent, err := bake.ParseEntitlements(b.flags.list("allow"))
	if err != nil {
		return nil, printer, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, printer, errors.Wrap(err, "failed to get current working directory")
	}
	ent.FSRead, ent.FSWrite = append(ent.FSRead, wd), append(ent.FSWrite, wd)
	tgts, err := b.read(ctx, files, names, cmdContext, &ent)
	if err != nil {
		return nil, printer, err
	}
	bo, err := bake.TargetsToBuildOpt(tgts, input)
	if err != nil {
		return nil, printer, err
	}
	auth := authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: dockerconfig.LoadAuthConfig(b.cli),
	})
	for k, o := range bo {
		o.Session = append(o.Session, auth)
		o.ProvenanceResponseMode = confutil.MetadataProvenanceModeDisabled
		if b.flags.text("metadata-file") != "" {
			o.ProvenanceResponseMode = confutil.MetadataProvenance()
		}
		bo[k] = o
	}
	missing, err := ent.Validate(bo)
	if err != nil {
		return nil, printer, err
	}
	if err := missing.Prompt(ctx, url != "", &waitingWriter{w: b.cli.Err(), wait: printer.Wait}); err != nil {
		return nil, printer, err
	}
	if printer.IsDone() {
		_, printer, _, err = b.open(ctx)
	}
	return bo, printer, err
}

// read resolves the targets with the overrides that the flags are short for.
func (b *bakeCommand) read(ctx context.Context, files []bake.File, names []string, cmdContext string, ent *bake.EntitlementConf) (map[string]*bake.Target, error) {
	overrides, noPolicy, err := b.overrides()
	if err != nil {
		return nil, err
	}
	vars, err := keyValues(b.flags.list("var"), false)
	if err != nil {
		return nil, err
	}
	relative, err := relativePaths(b.env)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = []string{"default"}
	}
	defaults := map[string]string{
		"BAKE_CMD_CONTEXT":    cmdContext,
		"BAKE_LOCAL_PLATFORM": platforms.Format(platforms.DefaultSpec()),
	}
	tgts, _, err := bake.ReadTargets(ctx, files, names, overrides, defaults, vars, ent, bake.ParseOpt{FileRelativePaths: relative})
	if err != nil {
		return nil, err
	}
	epoch := b.env.getenv("SOURCE_DATE_EPOCH")
	for _, t := range tgts {
		if noPolicy {
			t.Policy = buildflags.PolicyConfigs{{Disabled: true}}
		}
		if _, ok := t.Args["SOURCE_DATE_EPOCH"]; !ok && epoch != "" {
			if t.Args == nil {
				t.Args = map[string]*string{}
			}
			t.Args["SOURCE_DATE_EPOCH"] = &epoch
		}
	}
	return tgts, nil
}

func (b *bakeCommand) files(ctx context.Context, nodes []builder.Node, url string, pw progress.Writer) (files []bake.File, input *bake.Input, err error) {
	var local, remote []string
	for _, n := range b.fileNames() {
		if l, ok := strings.CutPrefix(n, "cwd://"); ok {
			local = append(local, l)
		} else if url != "" {
			remote = append(remote, n)
		} else {
			local = append(local, n)
		}
	}
	if url != "" {
		if files, input, err = bake.ReadRemoteFiles(ctx, nodes, url, remote, pw); err != nil {
			return nil, nil, err
		}
	}
	if len(local) > 0 || url == "" {
		err = progress.Wrap("[internal] load local bake definitions", pw.Write, func(sub progress.SubLogger) error {
			l, err := bake.ReadLocalFiles(local, b.cli.In(), sub)
			files = append(files, l...)
			return err
		})
	}
	if err == nil && len(files) == 0 {
		err = errors.New("couldn't find a bake definition")
	}
	return files, input, err
}

func (b *bakeCommand) build(ctx context.Context, nodes []builder.Node, targets map[string]build.Options, s *setup, signer *imageSigner, printer *progress.Printer, mode progressui.DisplayMode) error {
	h := newHandler(targets)
	h.configure(s, b.env.version)
	log := logFrom(ctx)
	h.log = log
	log.emit(buildStarted{Command: "bake", Targets: slices.Sorted(maps.Keys(targets)), Version: b.env.version})
	resp, err := build.BuildWithResultHandler(ctx, nodes, targets, dockerutil.NewClient(b.cli), confutil.NewConfig(b.cli), &calmWriter{printer, newStepLog(log)}, &build.Handler{Evaluate: h.evaluate})
	if werr := printer.Wait(); err == nil {
		err = werr
	}
	if err := h.end(NewScreen(b.cli.Err(), b.env.lookup), interrupted(ctx, err), mode); err != nil {
		return err
	}
	missing := false
	responses := map[string]map[string]string{}
	metadata := map[string]any{}
	for name, r := range resp {
		responses[name], metadata[name] = r.ExporterResponse, decodeResponse(r.ExporterResponse)
		carries, known := carriesAttestations(r.ExporterResponse, len(targets[name].Exports) > 0)
		missing = missing || known && !carries && targets[name].CallFunc == nil
	}
	if missing && len(s.reports) == 0 && (mode != progressui.QuietMode || log != nil) {
		fmt.Fprint(b.cli.Err(), noAttestations)
	}
	if file := b.flags.text("metadata-file"); file != "" {
		if err := writeMetadata(file, metadata, printer.Warnings()); err != nil {
			return err
		}
	}
	if err := answers(b.cli.Out(), targets, resp); err != nil {
		return err
	}
	if bakePushes(targets) {
		log.pushed(responses)
	}
	return signer.sign(ctx, responses)
}

// splitBakeArgs separates a remote definition and context from target names.
func splitBakeArgs(args []string) (url, cmdContext string, targets []string) {
	cmdContext, targets = "cwd://", args
	if len(targets) > 0 && urlutil.IsRemoteURL(targets[0]) {
		url, targets = targets[0], targets[1:]
		if len(targets) > 0 && urlutil.IsRemoteURL(targets[0]) {
			cmdContext, targets = targets[0], targets[1:]
		}
	}
	return url, cmdContext, targets
}

func bakePushes(targets map[string]build.Options) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(targets)), func(o build.Options) bool {
		return slices.ContainsFunc(o.Exports, func(e client.ExportEntry) bool { return e.Attrs["push"] == "true" })
	})
}

// waitingWriter lets a display end before a question is asked over it.
type waitingWriter struct {
	w    io.Writer
	wait func() error
}

func (w *waitingWriter) Write(p []byte) (int, error) {
	if w.wait != nil {
		wait := w.wait
		w.wait = nil
		_ = wait()
	}
	return w.w.Write(p)
}
