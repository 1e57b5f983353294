package plugin

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"
)

// maxText is where a text of an event is cut: collectors of logs split lines that
// are longer than 16 KiB.
const maxText = 8 << 10

// runLog writes the events of a run, a JSON object a line. Nil writes nothing: it
// is the log of a run that speaks to people.
type runLog struct {
	handler slog.Handler
	started time.Time
}

func newRunLog(w io.Writer) *runLog {
	return &runLog{started: time.Now(), handler: slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.MessageKey {
				a.Key = "event" // no event has a field of either name
			}
			return a
		},
	})}
}

// emit writes an event, with those of its fields that it has.
func (l *runLog) emit(e event) {
	if l == nil {
		return
	}
	name, level := e.kind()
	r := slog.NewRecord(time.Now().UTC(), level, name, 0)
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		key, opts, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if opts == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		r.AddAttrs(field(key, v.Field(i).Interface()))
	}
	_ = l.handler.Handle(context.Background(), r) // nobody is left to tell
}

// field is an attribute whose text is bounded.
func field(key string, value any) slog.Attr {
	if s, ok := value.(string); ok {
		value = cut(s)
	}
	return slog.Any(key, value)
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// took is how long the run has taken, in milliseconds.
func (l *runLog) took() int64 { return time.Since(l.started).Milliseconds() }

// display is the mode of the progress display: none beside a log, as its lines
// would stand between the events.
func (l *runLog) display(mode progressui.DisplayMode) (progressui.DisplayMode, error) {
	if l == nil {
		return mode, nil
	}
	if mode != progressui.AutoMode && mode != progressui.QuietMode && mode != "" {
		return "", errors.Errorf("--log-format=json and --progress=%s cannot be used together: the events tell the progress", mode)
	}
	return progressui.QuietMode, nil
}

// notices makes each line that is written to it a notice.
func (l *runLog) notices() io.Writer { return &noticeWriter{log: l} }

type noticeWriter struct {
	log  *runLog
	mu   sync.Mutex
	rest []byte
}

func (w *noticeWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		if text := strings.TrimPrefix(strings.TrimSpace(string(line)), "- "); text != "" {
			w.log.emit(noticeEvent{Message: text})
		}
		w.rest = rest
	}
}

// logHook makes what libraries log events.
type logHook struct{ log *runLog }

func (logHook) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel, logrus.WarnLevel, logrus.InfoLevel}
}

func (h logHook) Fire(e *logrus.Entry) error {
	if e.Level == logrus.InfoLevel {
		h.log.emit(noticeEvent{Message: e.Message})
	} else {
		h.log.emit(warningEvent{Message: e.Message})
	}
	return nil
}

type logKey struct{}

func withLog(ctx context.Context, l *runLog) context.Context {
	return context.WithValue(ctx, logKey{}, l)
}

// logFrom is the log of the run that a context belongs to; nil if it has none.
func logFrom(ctx context.Context) *runLog {
	l, _ := ctx.Value(logKey{}).(*runLog)
	return l
}
