package plugin

import (
	"io"
	"os"
	"slices"

	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
)

const (
	logFormatFlag = "log-format"
	logFormatEnv  = "SCAN_BUILD_LOG_FORMAT"
)

// logging is how a process speaks of its run: to people, or in events.
type logging struct {
	cli    *command.DockerCli
	env    environment
	stderr io.Writer
	format string

	log *runLog
	// builds says that the command is one that builds.
	builds bool
}

// addLogging gives every command --log-format and a trace.
func addLogging(root *cobra.Command, dockerCli *command.DockerCli, env environment) *logging {
	l := &logging{cli: dockerCli, env: env, stderr: os.Stderr}
	root.PersistentFlags().StringVar(&l.format, logFormatFlag, "", "What standard error gets: text, or json for one event a line (default $"+logFormatEnv+", else text)")
	visit(root, func(c *cobra.Command) {
		if c.RunE != nil {
			c.RunE = l.wrap(c.RunE, c == root || c.Name() == "bake")
		}
	})
	return l
}

func visit(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		visit(sub, do)
	}
}

func (l *logging) wrap(run func(*cobra.Command, []string) error, builds bool) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		l.builds = builds
		if err := l.start(); err != nil {
			return err
		}
		ctx, end, err := startTrace(cmd.Context(), cmd, args)
		if err != nil {
			return err
		}
		defer func() { end(err) }()
		cmd.SetContext(withLog(ctx, l.log))
		return run(cmd, args)
	}
}

// start turns everything that writes to standard error to events.
func (l *logging) start() error {
	format, err := l.wanted()
	if err != nil || format == "text" {
		return err
	}
	l.log = newRunLog(l.stderr)
	logrus.SetOutput(io.Discard)
	logrus.AddHook(logHook{l.log})
	return errors.Wrap(command.WithErrorStream(l.log.notices())(l.cli), "failed to start the log")
}

// wanted is the format that was asked for, text by default.
func (l *logging) wanted() (string, error) {
	from, format := "--"+logFormatFlag, l.format
	if format == "" {
		from, format = logFormatEnv, l.env.getenv(logFormatEnv)
	}
	if format == "" {
		return "text", nil
	}
	if !slices.Contains([]string{"text", "json"}, format) {
		return "", errors.Errorf("%s: unknown format %q, want text or json", from, format)
	}
	return format, nil
}

// end tells how the process ends. The error that it returns is told already where
// it has been.
func (l *logging) end(err error) error {
	if l.log == nil && err != nil { // before any command ran
		if format, ferr := l.wanted(); ferr == nil && format == "json" {
			l.log, l.builds = newRunLog(l.stderr), false
		}
	}
	if l.log == nil {
		return err
	}
	l.log.end(err, l.builds)
	if err != nil {
		err = &loggedError{err}
	}
	return err
}
