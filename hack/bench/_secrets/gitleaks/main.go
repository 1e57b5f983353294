// Command gitleaks searches a folder for secrets as "gitleaks dir" does, one file
// after another and without its passes over decoded text. It prints a JSON
// object.
//
//	gitleaks [-all] [-limit DURATION] FOLDER
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/sources"
)

func main() {
	all := flag.Bool("all", false, "search files that the rules leave out by their path too")
	limit := flag.Duration("limit", time.Hour, "stop after this `time`")
	flag.Parse()
	detector, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	s := search{ctx: ctx, detector: detector, root: flag.Arg(0), all: *all}
	started := time.Now()
	if err := filepath.WalkDir(s.root, s.visit); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
	s.Seconds, s.Stopped = time.Since(started).Seconds(), ctx.Err() != nil
	if err := json.NewEncoder(os.Stdout).Encode(s.outcome); err != nil {
		log.Fatal(err)
	}
}

type outcome struct {
	Seconds  float64
	Bytes    int64 // of the files that were walked
	Findings int
	Stopped  bool
}

type search struct {
	outcome
	ctx      context.Context
	detector *detect.Detector
	root     string
	all      bool
}

func (s *search) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(s.root, path)
	if err != nil {
		return err
	}
	left := !s.all && s.leftOut(rel)
	if d.IsDir() && left {
		return s.skip(path)
	}
	if !d.Type().IsRegular() {
		return nil
	}
	info, err := d.Info()
	if err != nil || info.Size() == 0 || left {
		s.Bytes += info.Size()
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	counted := &counter{r: f}
	file := &sources.File{Content: counted, Path: rel}
	err = file.Fragments(s.ctx, func(fragment sources.Fragment, err error) error {
		if err != nil {
			return err
		}
		if s.all {
			fragment.FilePath = ""
		}
		s.Findings += len(s.detector.DetectContext(s.ctx, detect.Fragment(fragment)))
		return nil
	})
	if s.ctx.Err() != nil {
		s.Bytes += counted.n
		return s.ctx.Err()
	}
	s.Bytes += info.Size()
	return err
}

func (s *search) leftOut(path string) bool {
	for _, a := range s.detector.Config.Allowlists {
		if a.PathAllowed(path) {
			return true
		}
	}
	return false
}

// skip counts what a folder holds: other programs walk it.
func (s *search) skip(dir string) error {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			s.Bytes += info.Size()
		}
		return err
	})
	if err != nil {
		return err
	}
	return fs.SkipDir
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
