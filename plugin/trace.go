package plugin

import (
	"context"

	"github.com/docker/buildx/util/tracing"
	_ "github.com/moby/buildkit/util/tracing/childprocess" // TRACEPARENT, into appcontext
	"github.com/moby/buildkit/util/tracing/detect"
	"github.com/moby/buildkit/util/urlutil"
	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/scan-build/scan-build/scan"
)

// setUpTracing does what buildx's main does. The exporter is found in the
// environment (OTEL_EXPORTER_OTLP_ENDPOINT and its like) when a command starts.
func setUpTracing() {
	detect.ServiceName = Name
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {})) // a collector that is away is no matter of a build's
}

// startTrace begins the span of a command, a child of what TRACEPARENT names. The
// context carries it to buildx, whose spans and BuildKit's become its children.
func startTrace(ctx context.Context, cmd *cobra.Command, args []string) (context.Context, func(error), error) {
	name := cmd.Name()
	if !cmd.HasParent() || cmd.Name() == pluginName {
		name = "build"
	}
	words := []string{name}
	for _, a := range args {
		words = append(words, urlutil.RedactCredentials(a))
	}
	attrs := []attribute.KeyValue{attribute.String("command", name)}
	if f := cmd.Flags().Lookup("builder"); f != nil {
		attrs = append(attrs, attribute.String("builder", f.Value.String()))
	}
	ctx, end, err := tracing.TraceCurrentCommand(ctx, words, attrs...)
	if err != nil {
		return ctx, nil, err
	}
	return ctx, func(err error) {
		span := trace.SpanFromContext(ctx)
		span.SetAttributes(attribute.Int("exit_code", ExitCode(err)))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		end(err)
	}, nil
}

// describe gives a scan's span what it found.
func describe(span trace.Span, r *scan.Report) {
	if r == nil || !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.String("scan.outcome", string(r.Verdict.Outcome)),
		attribute.Int("scan.platforms", len(r.Platforms)),
		attribute.String("scan.database", r.Database.Built.UTC().Format("2006-01-02T15:04:05Z")),
	)
	for _, s := range scan.Severities() {
		if n := r.Verdict.Counts[s.String()]; n > 0 {
			span.SetAttributes(attribute.Int("scan.findings."+s.String(), n))
		}
	}
}
