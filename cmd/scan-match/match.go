package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/match"
)

// maxRequest bounds the request; a large image has some thousand packages of a
// few hundred bytes each.
const maxRequest = 1 << 30

// runMatch writes out/result.json.
func runMatch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("match", flag.ContinueOnError)
	db := flags.String("db", "", "`folder` of the unpacked database")
	in := flags.String("in", "", "the request, a JSON `file` that may be gzipped")
	out := flags.String("out", "", "`folder` to write result.json to")
	cpes := flags.Bool("use-cpes", false, "match apk and composer packages by CPE too")
	if err := parse(flags, args, "db", "in", "out"); err != nil {
		return err
	}
	res, err := matchRequest(ctx, *db, *in, match.Options{UseCPEs: *cpes})
	if err != nil {
		if context.Cause(ctx) != nil {
			return err
		}
		res = scan.MatchResult{SchemaVersion: scan.SchemaVersion, Database: res.Database, Error: err.Error()}
	}
	return writeJSON(filepath.Join(*out, "result.json"), res)
}

func matchRequest(ctx context.Context, db, in string, opts match.Options) (scan.MatchResult, error) {
	req, err := readRequest(in)
	if err != nil {
		return scan.MatchResult{}, err
	}
	if err := unpackError(db); err != nil {
		return scan.MatchResult{}, err
	}
	m, err := match.Open(db, opts)
	if err != nil {
		return scan.MatchResult{}, err
	}
	defer m.Close()
	res, err := m.Match(ctx, req)
	res.Database = m.Database()
	return res, err
}

func readRequest(file string) (scan.MatchRequest, error) {
	f, err := os.Open(file)
	if err != nil {
		return scan.MatchRequest{}, errors.Wrap(err, "failed to open the match request")
	}
	defer f.Close()
	var req scan.MatchRequest
	r := bufio.NewReader(f)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		err = scan.UnpackJSON(r, maxRequest, &req)
	} else {
		err = json.NewDecoder(io.LimitReader(r, maxRequest)).Decode(&req)
	}
	return req, errors.Wrap(err, "failed to read the match request")
}

// unpackError is the reason that unpack left behind for there being no database.
func unpackError(db string) error {
	f, err := os.Open(filepath.Join(db, statusFile))
	if err != nil {
		return nil
	}
	defer f.Close()
	var status scan.DatabaseStatus
	if err := json.NewDecoder(io.LimitReader(f, 1<<20)).Decode(&status); err != nil {
		return errors.Wrap(err, "failed to read the database's status")
	}
	if status.Error != "" {
		return errors.New(status.Error)
	}
	return nil
}
