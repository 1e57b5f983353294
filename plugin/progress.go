package plugin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/docker/buildx/util/progress"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/morikuni/aec"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"

	"github.com/scan-build/scan-build/frontend"
)

// displayMode reads --progress and --quiet as buildx does.
func displayMode(mode string, quiet bool) (progressui.DisplayMode, bool, error) {
	if mode == "quiet" {
		quiet = true
	}
	if mode == "none" {
		mode = "quiet"
	}
	m := progressui.DisplayMode(mode)
	if quiet {
		if m != progressui.AutoMode && m != progressui.QuietMode {
			return "", false, errors.Errorf("progress=%s and quiet cannot be used together", mode)
		}
		return progressui.QuietMode, true, nil
	}
	return m, false, nil
}

// newPrinter shows a run's progress; warnings follow when it closes.
func newPrinter(ctx context.Context, mode progressui.DisplayMode, driver, builder string) (*progress.Printer, error) {
	if logFrom(ctx) != nil {
		mode = progressui.QuietMode
	}
	var p *progress.Printer
	p, err := progress.NewPrinter(ctx, os.Stderr, mode,
		progress.WithDesc(
			fmt.Sprintf("building with %q instance using %s driver", builder, driver),
			fmt.Sprintf("%s:%s", driver, builder),
		),
		progress.WithOnClose(func() { printWarnings(os.Stderr, p.Warnings(), mode) }),
	)
	return p, err
}

// printWarnings shows the Dockerfile frontend's warnings as buildx does.
func printWarnings(w io.Writer, warnings []client.VertexWarning, mode progressui.DisplayMode) {
	if len(warnings) == 0 || mode == progressui.QuietMode || mode == progressui.RawJSONMode {
		return
	}
	var head bytes.Buffer
	if fmt.Fprintf(&head, "%d warning", len(warnings)); len(warnings) > 1 {
		head.WriteByte('s')
	}
	head.WriteString(" found")
	verbose := logrus.GetLevel() >= logrus.DebugLevel
	if !verbose {
		head.WriteString(" (use docker --debug to expand)")
	}
	fmt.Fprintf(w, "\n %s\n", aec.Apply(head.String()+":", aec.YellowF))
	for _, warn := range warnings {
		fmt.Fprintf(w, " - %s\n", warn.Short)
		if verbose {
			printDetail(w, warn)
		}
	}
}

func printDetail(w io.Writer, warn client.VertexWarning) {
	for _, d := range warn.Detail {
		fmt.Fprintf(w, "%s\n", d)
	}
	if warn.URL != "" {
		fmt.Fprintf(w, "More info: %s\n", warn.URL)
	}
	if warn.SourceInfo != nil && warn.Range != nil {
		src := errdefs.Source{Info: warn.SourceInfo, Ranges: warn.Range}
		_ = src.Print(w)
	}
	fmt.Fprintln(w)
}

// calmWriter leaves out the errors of operations that may fail without harm, and
// tells the log what it shows.
type calmWriter struct {
	*progress.Printer
	steps *stepLog
}

func (w *calmWriter) Write(st *client.SolveStatus) {
	for i, v := range st.Vertexes {
		if v.Error != "" && isProbe(v.Name) {
			calm := *v
			calm.Error = ""
			st.Vertexes[i] = &calm
		}
	}
	w.steps.write(st)
	w.Printer.Write(st)
}

// isProbe recognises such an operation, also where bake has put the target's name
// into its own: "[web scan] …".
func isProbe(name string) bool {
	return strings.Contains(name, strings.TrimPrefix(frontend.ProbePrefix, "["))
}
