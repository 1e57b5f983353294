package plugin

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// stepLog tells the progress of a build as events.
type stepLog struct {
	log *runLog

	mu       sync.Mutex
	steps    map[digest.Digest]*step
	warnings map[string]bool
}

// step is what has been told of an operation. BuildKit repeats itself where
// several solves share one.
type step struct {
	started, finished, failed bool
	// rest of a line that the operation has not ended yet, by stream.
	rest map[int][]byte
}

// newStepLog returns nil, which tells nothing, for a run without a log.
func newStepLog(l *runLog) *stepLog {
	if l == nil {
		return nil
	}
	return &stepLog{log: l, steps: map[digest.Digest]*step{}, warnings: map[string]bool{}}
}

func (s *stepLog) write(st *client.SolveStatus) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range st.Vertexes {
		if v.Completed == nil {
			s.vertex(v)
		}
	}
	for _, l := range st.Logs {
		s.output(l)
	}
	for _, v := range st.Vertexes { // after what it has printed
		if v.Completed != nil {
			s.vertex(v)
		}
	}
	for _, w := range st.Warnings {
		s.warning(w)
	}
}

func (s *stepLog) step(d digest.Digest) *step {
	if s.steps[d] == nil {
		s.steps[d] = &step{rest: map[int][]byte{}}
	}
	return s.steps[d]
}

func (s *stepLog) vertex(v *client.Vertex) {
	t := s.step(v.Digest)
	e := buildStep{Step: v.Digest.String(), Name: v.Name, Cached: v.Cached, Message: v.Error}
	if v.Started != nil && !t.started {
		t.started = true
		s.log.emit(buildStep{Step: e.Step, Name: e.Name, Status: stepStarted})
	}
	if v.Completed == nil || t.failed || t.finished && v.Error == "" {
		return
	}
	for stream := range t.rest {
		s.line(v.Digest, stream, t.rest[stream])
		delete(t.rest, stream)
	}
	e.Status, t.finished = stepFinished, true
	if v.Error != "" {
		e.Status, t.failed = stepFailed, true
	}
	if v.Started != nil {
		e.Duration = v.Completed.Sub(*v.Started).Milliseconds()
	}
	s.log.emit(e)
}

// output tells what an operation printed, line by line. Progress bars end lines
// with a carriage return.
func (s *stepLog) output(l *client.VertexLog) {
	t := s.step(l.Vertex)
	data := append(t.rest[l.Stream], l.Data...)
	for {
		i := bytes.IndexAny(data, "\r\n")
		if i < 0 && len(data) < maxText {
			break
		}
		if i < 0 || i > maxText {
			s.line(l.Vertex, l.Stream, data[:maxText])
			data = data[maxText:]
			continue
		}
		s.line(l.Vertex, l.Stream, data[:i])
		data = data[i+1:]
	}
	t.rest[l.Stream] = bytes.Clone(data)
}

func (s *stepLog) line(d digest.Digest, stream int, text []byte) {
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	name := "stdout"
	if stream == 2 {
		name = "stderr"
	}
	s.log.emit(buildOutput{Step: d.String(), Stream: name, Message: string(text)})
}

func (s *stepLog) warning(w *client.VertexWarning) {
	e := warningEvent{Message: string(w.Short), URL: w.URL}
	if w.SourceInfo != nil {
		e.File = w.SourceInfo.Filename
	}
	if len(w.Range) > 0 && w.Range[0].Start != nil {
		e.Line = int(w.Range[0].Start.Line)
	}
	if key := fmt.Sprint(e); !s.warnings[key] {
		s.warnings[key] = true
		s.log.emit(e)
	}
}
